/* SPDX-License-Identifier: Apache-2.0 */
/* scan: the scanner over the characters of a str of one width.
 *
 * A C template, included once for each width: UNIT is the type of a character, WIDTH its bytes, SCAN(name) makes names of its own.
 * Places are indices of characters. What is finished is on the sink's stack; around a hook the sink is left, so that it holds up no
 * collector; the text never changes. */

typedef struct SCAN(scanner) {
    qpy_state *state;
    qpy_sink *sink;
    const qpy_json_hooks *hooks;
    PyObject *text;   /* borrowed */
    uint32_t misses;  /* keys in a row that were not in it */
    PyObject **memo;  /* MEMO keys that are not in the cache of short ones, each where its text says; NULL until one is met */
    const UNIT *data;
    Py_ssize_t at, length;
    uint32_t unescaped[UNESCAPED]; /* of the string with escapes that was measured last, if it is that short */
    qr_depth stack;   /* the interpreter counts levels too, but takes every stack to be large */
} SCAN(scanner);

static PyObject *SCAN(value)(SCAN(scanner) *s);

/* The character there; no character of JSON at the end. */
QR_INLINE uint32_t SCAN(peek)(const SCAN(scanner) *s) { return QR_LIKELY(s->at < s->length) ? s->data[s->at] : END_OF_TEXT; }

QR_INLINE void SCAN(skip_space)(SCAN(scanner) *s)
{
    while (s->at < s->length && (s->data[s->at] == ' ' || s->data[s->at] == '\n' || s->data[s->at] == '\t' || s->data[s->at] == '\r'))
        s->at++;
}

/* Do the characters from there on spell the word? */
static int SCAN(is_word)(const SCAN(scanner) *s, const char *word, Py_ssize_t n)
{
    if (s->length - s->at < n)
        return 0;
    for (Py_ssize_t i = 0; i < n; i++)
        if (s->data[s->at + i] != (UNIT)word[i])
            return 0;
    return 1;
}

/* ---------------------------------------------------------------- strings */

/* Four hexadecimal digits, or -1. */
QR_INLINE int32_t SCAN(hex4)(const UNIT *p)
{
    uint32_t all = p[0] | p[1] | p[2] | p[3];
    if (QR_UNLIKELY(all > 0x7F))
        return -1;
    uint32_t a = qr_json_hex_digits[p[0]], b = qr_json_hex_digits[p[1]], c = qr_json_hex_digits[p[2]], d = qr_json_hex_digits[p[3]];
    return QR_UNLIKELY((a | b | c | d) > 15) ? -1 : (int32_t)(a << 12 | b << 8 | c << 4 | d);
}

/* The escape whose backslash is at *at, which is moved behind it: the code point, or -1 with the exception. `begin` is where the string
 * started. The last character of a text closes nothing, so an escape that would end with it is none. */
static int32_t SCAN(escape)(SCAN(scanner) *s, Py_ssize_t begin, Py_ssize_t *at)
{
    Py_ssize_t i = *at + 1;
    if (i == s->length) {
        qpy_json_fail("Unterminated string starting at", s->text, begin);
        return -1;
    }
    if (s->data[i] != 'u') {
        int32_t code = s->data[i] < 128 ? short_escape((uint8_t)s->data[i]) : 0;
        if (code == 0) {
            qpy_json_fail("Invalid \\escape", s->text, i - 1);
            return -1;
        }
        *at = i + 1;
        return code;
    }
    int32_t code = s->length - i > 5 ? SCAN(hex4)(s->data + i + 1) : -1;
    if (code < 0) {
        qpy_json_fail("Invalid \\uXXXX escape", s->text, i);
        return -1;
    }
    i += 5;
    if ((code & ~0x3FF) == 0xD800 && s->length - i > 6 && s->data[i] == '\\' && s->data[i + 1] == 'u') {
        int32_t low = SCAN(hex4)(s->data + i + 2);
        if (low < 0) {
            qpy_json_fail("Invalid \\uXXXX escape", s->text, i + 1);
            return -1;
        }
        if ((low & ~0x3FF) == 0xDC00) {
            code = 0x10000 + ((code & 0x3FF) << 10 | (low & 0x3FF));
            i += 6;
        }
    }
    *at = i;
    return code;
}

/* What is known of a string once its end is found. */
typedef struct SCAN(span) {
    Py_ssize_t start, stop, count; /* stop: its closing quote; count: characters it has */
    uint32_t all;                  /* the characters or'ed */
    int escaped;
} SCAN(span);

/* Keeps n characters of a string with escapes, as its count-th and following ones, if there is room for them. */
QR_INLINE void SCAN(keep)(SCAN(scanner) *s, Py_ssize_t count, Py_ssize_t from, Py_ssize_t n)
{
    for (Py_ssize_t i = 0; i < n && count + i < UNESCAPED; i++)
        s->unescaped[count + i] = s->data[from + i];
}

/* Looks through the string whose first character is at s->at. 1, or 0 with the exception. */
static int SCAN(measure)(SCAN(scanner) *s, SCAN(span) *span)
{
    const Py_ssize_t begin = s->at - 1;
    Py_ssize_t i = s->at, from = i;
    *span = (SCAN(span)){.start = i};
    for (;;) {
        i += (Py_ssize_t)QR_PASTE(qr_units_plain_, WIDTH)(s->data + i, (size_t)(s->length - i), &span->all);
        if (QR_UNLIKELY(i == s->length)) {
            qpy_json_fail("Unterminated string starting at", s->text, begin);
            return 0;
        }
        if (QR_LIKELY(s->data[i] == '"'))
            break;
        if (s->data[i] != '\\') {
            if (s->hooks->strict) {
                qpy_json_fail("Invalid control character at", s->text, i);
                return 0;
            }
            span->all |= s->data[i++];
            continue;
        }
        Py_ssize_t plain = i - from;
        int32_t code = SCAN(escape)(s, begin, &i);
        if (code < 0)
            return 0;
        SCAN(keep)(s, span->count, from, plain);
        span->count += plain;
        if (span->count < UNESCAPED)
            s->unescaped[span->count] = (uint32_t)code;
        span->count++;
        span->all |= (uint32_t)code;
        span->escaped = 1;
        from = i;
    }
    if (span->escaped)
        SCAN(keep)(s, span->count, from, i - from);
    span->count += i - from;
    span->stop = i;
    s->at = i + 1;
    return 1;
}

/* n characters from there on, to units of a width that holds them all. */
QR_INLINE void SCAN(copy)(const SCAN(scanner) *s, void *to, unsigned width, Py_ssize_t at, Py_ssize_t count)
{
    const UNIT *from = s->data + at;
    const size_t n = (size_t)count, readable = (size_t)(s->length - at);
    (void)readable;
    if (width == sizeof(UNIT))
        qr_copy_short(to, (const uint8_t *)from, n * sizeof(UNIT));
#if WIDTH > 1
    else if (width == 1)
        QR_PASTE(QR_PASTE(qr_units_copy_, WIDTH), _1)(to, from, n, readable);
#endif
#if WIDTH > 2
    else if (width == 2)
        qr_units_copy_4_2(to, from, n, readable);
#endif
#if WIDTH < 2
    else if (width == 2)
        for (size_t i = 0; i < n; i++)
            ((Py_UCS2 *)to)[i] = from[i];
#endif
#if WIDTH < 4
    else
        for (size_t i = 0; i < n; i++)
            ((Py_UCS4 *)to)[i] = from[i];
#endif
}

/* A str of what was measured: the escapes are known to be right. */
static PyObject *SCAN(unescape)(SCAN(scanner) *s, const SCAN(span) *span)
{
    PyObject *str = PyUnicode_New(span->count, widest_of(span->all));
    if (!str)
        return NULL;
    unsigned width = (unsigned)PyUnicode_KIND(str);
    char *to = PyUnicode_DATA(str);
    if (span->count <= UNESCAPED)
        return copy_unescaped(str, s->unescaped);
    for (Py_ssize_t i = span->start; i < span->stop;) {
        Py_ssize_t from = i;
        uint32_t all = 0;
        i += (Py_ssize_t)QR_PASTE(qr_units_plain_, WIDTH)(s->data + i, (size_t)(s->length - i), &all);
        SCAN(copy)(s, to, width, from, i - from);
        to += (size_t)(i - from) * width;
        if (i == span->stop)
            break;
        Py_UCS4 code = s->data[i] == '\\' ? (Py_UCS4)SCAN(escape)(s, span->start - 1, &i) : s->data[i++];
        PyUnicode_WRITE(width, to, 0, code);
        to += width;
    }
    return str;
}

static PyObject *SCAN(make_str)(SCAN(scanner) *s, const SCAN(span) *span)
{
    if (span->escaped)
        return span->all < 0x100 && span->count <= 1 ? one_character(SCAN(unescape)(s, span)) : SCAN(unescape)(s, span);
    if (span->count <= 1) /* the interpreter keeps some of these */
        return PyUnicode_FromKindAndData(sizeof(UNIT), s->data + span->start, span->count);
    if (sizeof(UNIT) == 1 && span->all < 0x80 && (size_t)span->count >= s->state->str_least)
        return qpy_str_from_ascii(&s->state->str_header, (const uint8_t *)s->data + span->start, (size_t)span->count);
    PyObject *str = PyUnicode_New(span->count, widest_of(span->all));
    if (!str)
        return NULL;
    SCAN(copy)(s, PyUnicode_DATA(str), PyUnicode_KIND(str), span->start, span->count);
    return str;
}

static PyObject *SCAN(string)(SCAN(scanner) *s)
{
    SCAN(span) span;
    return SCAN(measure)(s, &span) ? SCAN(make_str)(s, &span) : NULL;
}

/* Is it the text that was measured, without escapes? */
QR_INLINE int SCAN(is_same)(const SCAN(scanner) *s, const SCAN(span) *span, PyObject *key)
{
    const UNIT *data = s->data + span->start;
    size_t n = (size_t)span->count;
    uint8_t room[QR_SIMD_BLOCK];
    if (PyUnicode_GET_LENGTH(key) != span->count || span->escaped)
        return 0;
    int kind = PyUnicode_KIND(key);
    const void *units = PyUnicode_DATA(key);
    if (kind == sizeof(UNIT))
        return n * sizeof(UNIT) <= 32 ? qr_simd_equal(units, (const uint8_t *)data, n * sizeof(UNIT)) : memcmp(units, data, n * sizeof(UNIT)) == 0;
    if (kind == 1 && span->all < 0x80 && n <= sizeof room && s->length - span->start >= QR_SIMD_BLOCK) {
        qr_block_store(room, QR_PASTE(qr_units_narrow_, WIDTH)(data));
        return qr_simd_equal(units, room, n);
    }
    for (size_t i = 0; i < n; i++)
        if (PyUnicode_READ(kind, units, i) != data[i])
            return 0;
    return 1;
}

/* The place in the memo of a text; NULL with MemoryError. */
static PyObject **SCAN(place)(SCAN(scanner) *s, const void *units, size_t bytes)
{
    if (!s->memo && !(s->memo = PyMem_Calloc(MEMO, sizeof *s->memo))) {
        PyErr_NoMemory();
        return NULL;
    }
    return &s->memo[qr_name_hash(units, bytes) % MEMO];
}

/* A key with escapes: what it is shows only when it is made. */
static PyObject *SCAN(escaped_key)(SCAN(scanner) *s, const SCAN(span) *span)
{
    PyObject *key = qpy_keys_hashed(SCAN(make_str)(s, span));
    if (!key || PyUnicode_GET_LENGTH(key) == 0 || qpy_keys_are_data(&s->misses))
        return key;
    PyObject **place = SCAN(place)(s, PyUnicode_DATA(key), (size_t)PyUnicode_GET_LENGTH(key) * PyUnicode_KIND(key));
    if (place && *place && is_same_str(*place, key)) {
        s->misses = 0;
        Py_SETREF(key, Py_NewRef(*place));
    }
    else if (place) {
        s->misses++;
        Py_XSETREF(*place, Py_NewRef(key));
    }
    else
        Py_CLEAR(key);
    return key;
}

static void SCAN(forget)(SCAN(scanner) *s)
{
    for (size_t i = 0; s->memo && i < MEMO; i++)
        Py_XDECREF(s->memo[i]);
    PyMem_Free(s->memo);
}

/* The same text is mostly the same object within a document: short ASCII in the cache of all, others in the memo. */
static PyObject *SCAN(new_key)(SCAN(scanner) *s, const SCAN(span) *span)
{
    const UNIT *data = s->data + span->start;
    if (span->all < 0x80 && !span->escaped && span->count <= QPY_KEYS_LONGEST) {
#if WIDTH == 1
        const uint8_t *text = data;
#else
        uint8_t text[QPY_KEYS_LONGEST];
        SCAN(copy)(s, text, 1, span->start, span->count);
#endif
        return qpy_keys_get(s->state->keys, text, (size_t)span->count);
    }
    if (span->escaped || span->count == 0)
        return SCAN(escaped_key)(s, span);
    if (qpy_keys_are_data(&s->misses))
        return qpy_keys_hashed(SCAN(make_str)(s, span));
    PyObject **place = SCAN(place)(s, data, (size_t)span->count * sizeof(UNIT));
    if (place && *place && SCAN(is_same)(s, span, *place))
        s->misses = 0;
    else if (place) {
        PyObject *key = qpy_keys_hashed(SCAN(make_str)(s, span));
        if (!key)
            return NULL;
        s->misses++;
        Py_XSETREF(*place, key);
    }
    return place ? Py_NewRef(*place) : NULL;
}

/* The key whose first character is at s->at joins the map. 1, or 0 with the exception. */
static int SCAN(key)(SCAN(scanner) *s, qpy_frame *frame)
{
    SCAN(span) span;
    if (!SCAN(measure)(s, &span))
        return 0;
    if (frame->shape && frame->shape->next && SCAN(is_same)(s, &span, frame->shape->next->key)) {
        qpy_sink_predicted(s->sink, frame);
        return 1;
    }
    PyObject *key = SCAN(new_key)(s, &span);
    return key && qpy_sink_key(s->sink, frame, key);
}

/* ---------------------------------------------------------------- numbers */

QR_INLINE int SCAN(is_digit)(const SCAN(scanner) *s, Py_ssize_t i) { return i < s->length && s->data[i] >= '0' && s->data[i] <= '9'; }

/* -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)? as far as it goes. */
static PyObject *SCAN(number)(SCAN(scanner) *s)
{
    Py_ssize_t start = s->at, i = start;
    int is_float = 0, negative = s->data[i] == '-';
    uint64_t whole = 0; /* of as many digits as fit */
    i += negative;
    if (!SCAN(is_digit)(s, i))
        return qpy_json_no_value(start);
    if (s->data[i] == '0')
        i++;
    else
        for (; SCAN(is_digit)(s, i); i++)
            whole = whole * 10 + (uint64_t)(s->data[i] - '0');
    if (i < s->length && s->data[i] == '.' && SCAN(is_digit)(s, i + 1)) {
        is_float = 1;
        for (i += 2; SCAN(is_digit)(s, i); i++)
            ;
    }
    if (i < s->length && (s->data[i] == 'e' || s->data[i] == 'E')) {
        Py_ssize_t e = i + 1;
        e += e < s->length && (s->data[e] == '-' || s->data[e] == '+');
        if (SCAN(is_digit)(s, e)) {
            is_float = 1;
            while (SCAN(is_digit)(s, e))
                e++;
            i = e;
        }
    }
    s->at = i;
    PyObject *hook = is_float ? s->hooks->parse_float : s->hooks->parse_int;
    if (hook) {
        PyObject *digits = PyUnicode_FromKindAndData(sizeof(UNIT), s->data + start, i - start), *value = digits ? call_hook(s->sink, hook, digits) : NULL;
        Py_XDECREF(digits);
        return value;
    }
    size_t n = (size_t)(i - start);
    if (!is_float && n <= 18)
        return PyLong_FromLong(negative ? -(int64_t)whole : (int64_t)whole);
    if (sizeof(UNIT) == 1)
        return qpy_json_number((const uint8_t *)s->data + start, n, is_float);
    uint8_t room[64], *digits = n < sizeof room ? room : PyMem_Malloc(n + 1);
    if (!digits)
        return PyErr_NoMemory();
    for (size_t k = 0; k < n; k++)
        digits[k] = (uint8_t)s->data[start + (Py_ssize_t)k];
    digits[n] = 0;
    PyObject *value = qpy_json_number(digits, n, is_float);
    if (digits != room)
        PyMem_Free(digits);
    return value;
}

/* ---------------------------------------------------------------- containers */

/* Behind a value: 1 when a comma was read and another item follows, 0 at the closing bracket (left where it is), -1 with the exception. */
static int SCAN(more)(SCAN(scanner) *s, uint32_t close, const char *trailing)
{
    SCAN(skip_space)(s);
    uint32_t c = SCAN(peek)(s);
    if (c == close)
        return 0;
    if (c != ',') {
        qpy_json_fail("Expecting ',' delimiter", s->text, s->at);
        return -1;
    }
    Py_ssize_t comma = s->at++;
    SCAN(skip_space)(s);
    if (TELLS_TRAILING_COMMA && SCAN(peek)(s) == close) {
        qpy_json_fail(trailing, s->text, comma);
        return -1;
    }
    return 1;
}

static PyObject *SCAN(array)(SCAN(scanner) *s)
{
    QR_STACK_ENTER(&s->stack, go_deeper(&s->stack, "maximum recursion depth exceeded while decoding a JSON array from a unicode string"), NULL, SCAN(array)(s));
    qpy_frame frame;
    int more = 1;
    qpy_sink_open_array(s->sink, &frame);
    s->at++;
    SCAN(skip_space)(s);
    if (SCAN(peek)(s) == ']')
        more = 0;
    while (more > 0) {
        PyObject *value = SCAN(value)(s);
        more = value && qpy_sink_push(s->sink, value) ? SCAN(more)(s, ']', "Illegal trailing comma before end of array") : -1;
    }
    s->at++;
    s->stack.left++;
    return more < 0 ? NULL : qpy_sink_close_array(s->sink, QR_PLAN_NONE, &frame);
}

/* A key, its colon and its value join the object. */
static int SCAN(pair)(SCAN(scanner) *s, qpy_frame *frame)
{
    if (SCAN(peek)(s) != '"') {
        qpy_json_fail("Expecting property name enclosed in double quotes", s->text, s->at);
        return 0;
    }
    s->at++;
    if (!SCAN(key)(s, frame))
        return 0;
    SCAN(skip_space)(s);
    if (SCAN(peek)(s) != ':') {
        qpy_json_fail("Expecting ':' delimiter", s->text, s->at);
        return 0;
    }
    s->at++;
    SCAN(skip_space)(s);
    PyObject *value = SCAN(value)(s);
    return value && qpy_sink_push(s->sink, value);
}

static PyObject *SCAN(object)(SCAN(scanner) *s)
{
    QR_STACK_ENTER(&s->stack, go_deeper(&s->stack, "maximum recursion depth exceeded while decoding a JSON object from a unicode string"), NULL, SCAN(object)(s));
    qpy_frame frame;
    int more = 1;
    if (QR_UNLIKELY(s->hooks->object_pairs_hook))
        qpy_sink_open_pairs(s->sink, &frame);
    else
        qpy_sink_open_map(s->sink, &frame);
    s->at++;
    SCAN(skip_space)(s);
    if (SCAN(peek)(s) == '}')
        more = 0;
    while (more > 0)
        more = SCAN(pair)(s, &frame) ? SCAN(more)(s, '}', "Illegal trailing comma before end of object") : -1;
    s->at++;
    s->stack.left++;
    return more < 0 ? NULL : close_object(s->sink, &frame, s->hooks);
}

/* ---------------------------------------------------------------- any value */

static PyObject *SCAN(constant)(SCAN(scanner) *s, const char *name, Py_ssize_t n)
{
    s->at += n;
    qpy_outside saved = qpy_sink_go_outside(s->sink);
    PyObject *value = qpy_json_constant(s->state, s->hooks, name);
    qpy_sink_come_back(s->sink, saved);
    return value;
}

static PyObject *SCAN(value)(SCAN(scanner) *s)
{
    PyObject *value;
    switch (SCAN(peek)(s)) {
    case '"':
        s->at++;
        return SCAN(string)(s);
    case '{':
        if (Py_EnterRecursiveCall(" while decoding a JSON object from a unicode string"))
            return NULL;
        value = SCAN(object)(s);
        Py_LeaveRecursiveCall();
        return value;
    case '[':
        if (Py_EnterRecursiveCall(" while decoding a JSON array from a unicode string"))
            return NULL;
        value = SCAN(array)(s);
        Py_LeaveRecursiveCall();
        return value;
    case 'n':
        if (SCAN(is_word)(s, "null", 4))
            return s->at += 4, Py_NewRef(Py_None);
        break;
    case 't':
        if (SCAN(is_word)(s, "true", 4))
            return s->at += 4, Py_NewRef(Py_True);
        break;
    case 'f':
        if (SCAN(is_word)(s, "false", 5))
            return s->at += 5, Py_NewRef(Py_False);
        break;
    case 'N':
        if (SCAN(is_word)(s, "NaN", 3))
            return SCAN(constant)(s, "NaN", 3);
        break;
    case 'I':
        if (SCAN(is_word)(s, "Infinity", 8))
            return SCAN(constant)(s, "Infinity", 8);
        break;
    case '-':
        if (SCAN(is_word)(s, "-Infinity", 9))
            return SCAN(constant)(s, "-Infinity", 9);
        QR_FALLTHROUGH;
    case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7': case '8': case '9':
        return SCAN(number)(s);
    default:
        break;
    }
    return qpy_json_no_value(s->at);
}

static PyObject *SCAN(scan)(qpy_state *state, PyObject *text, Py_ssize_t start, const qpy_json_hooks *hooks, Py_ssize_t *end)
{
    qpy_sink sink;
    SCAN(scanner) s = {.state = state, .sink = &sink, .hooks = hooks, .text = text, .data = PyUnicode_DATA(text), .at = start, .length = PyUnicode_GET_LENGTH(text)};
    qr_depth_init(&s.stack, QPY_JSON_DEPTH);
    qpy_sink_init(&sink, state, NULL, "json");
    PyObject *value = SCAN(value)(&s);
    qpy_sink_release(&sink);
    SCAN(forget)(&s);
    *end = s.at;
    return value;
}

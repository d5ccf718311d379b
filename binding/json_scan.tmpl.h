/* SPDX-License-Identifier: Apache-2.0 */
/* json_scan: the scanner over the characters of a str of one width.
 *
 * A C template, included once for each width: UNIT is the type of a character, SCAN(name) makes names of its own. Places are
 * indices of characters. A scanner holds no lock and no cache while a hook runs; the text never changes. */

typedef struct SCAN(scanner) {
    qpy_state *state;
    const qpy_json_hooks *hooks;
    PyObject *text;   /* borrowed */
    PyObject **memo;  /* MEMO keys that are not in the cache of short ones, each where its text says; NULL until one is met */
    const UNIT *data;
    Py_ssize_t at, length;
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
static int32_t SCAN(hex4)(const UNIT *p)
{
    int32_t code = 0;
    for (int i = 0; i < 4; i++) {
        int32_t nibble = p[i] < 128 ? hex_value((uint8_t)p[i]) : -1;
        if (nibble < 0)
            return -1;
        code = code << 4 | nibble;
    }
    return code;
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

/* Looks through the string whose first character is at s->at: its closing quote, how many characters it has, an upper bound of them all
 * and whether it has escapes. 1, or 0 with the exception. */
typedef struct SCAN(span) {
    Py_ssize_t start, stop, count;
    uint32_t all; /* the characters or'ed */
    int escaped;
} SCAN(span);

/* Blocks of n characters from i on, as long as none of them is a quote, a backslash or below the lowest. Each is looked at as a whole:
 * the compiler makes vectors of them. */
QR_INLINE Py_ssize_t SCAN(pass_blocks)(const UNIT *data, Py_ssize_t i, Py_ssize_t length, UNIT lowest, int n, UNIT *seen)
{
    for (; length - i >= n; i += n) {
        UNIT stops = 0, some = 0;
        for (int k = 0; k < n; k++) {
            UNIT c = data[i + k];
            stops |= (UNIT)((c == '"') | (c == '\\') | (c < lowest));
            some |= c;
        }
        if (stops)
            break;
        *seen |= some;
    }
    return i;
}

/* On to the first such character, or to the end. */
static QR_NOINLINE Py_ssize_t SCAN(pass_plain)(const SCAN(scanner) *s, Py_ssize_t i, UNIT lowest, uint32_t *all)
{
    const UNIT *data = s->data;
    UNIT seen = 0;
    if (s->length - i >= (Py_ssize_t)(64 / sizeof(UNIT)) && data[i] != '"')
        i = SCAN(pass_blocks)(data, i, s->length, lowest, 64 / sizeof(UNIT), &seen);
    i = SCAN(pass_blocks)(data, i, s->length, lowest, 16 / sizeof(UNIT), &seen);
    for (; i < s->length && data[i] != '"' && data[i] != '\\' && data[i] >= lowest; i++)
        seen |= data[i];
    *all |= seen;
    return i;
}

static int SCAN(measure)(SCAN(scanner) *s, SCAN(span) *span)
{
    const Py_ssize_t begin = s->at - 1;
    Py_ssize_t i = s->at;
    const UNIT lowest = s->hooks->strict ? 0x20 : 0;
    *span = (SCAN(span)){.start = i};
    for (;;) {
        Py_ssize_t from = i;
        uint32_t all = 0;
        i = SCAN(pass_plain)(s, i, lowest, &all);
        span->all |= all;
        span->count += i - from;
        if (i == s->length) {
            qpy_json_fail("Unterminated string starting at", s->text, begin);
            return 0;
        }
        if (s->data[i] == '"')
            break;
        if (s->data[i] != '\\') {
            qpy_json_fail("Invalid control character at", s->text, i);
            return 0;
        }
        int32_t code = SCAN(escape)(s, begin, &i);
        if (code < 0)
            return 0;
        span->all |= (uint32_t)code;
        span->count++;
        span->escaped = 1;
    }
    span->stop = i;
    s->at = i + 1;
    return 1;
}

/* To units of a width that holds them all. */
static void SCAN(copy)(void *to, unsigned width, const UNIT *from, size_t n)
{
    if (width == sizeof(UNIT))
        memcpy(to, from, n * sizeof(UNIT));
    else if (width == 1)
        for (size_t i = 0; i < n; i++)
            ((Py_UCS1 *)to)[i] = (Py_UCS1)from[i];
    else if (width == 2)
        for (size_t i = 0; i < n; i++)
            ((Py_UCS2 *)to)[i] = (Py_UCS2)from[i];
    else
        for (size_t i = 0; i < n; i++)
            ((Py_UCS4 *)to)[i] = from[i];
}

/* A str of what was measured: the escapes are known to be right. */
static PyObject *SCAN(unescape)(SCAN(scanner) *s, const SCAN(span) *span)
{
    PyObject *str = PyUnicode_New(span->count, widest_of(span->all));
    if (!str)
        return NULL;
    unsigned width = (unsigned)PyUnicode_KIND(str);
    char *to = PyUnicode_DATA(str);
    for (Py_ssize_t i = span->start; i < span->stop;) {
        Py_ssize_t from = i;
        while (i < span->stop && s->data[i] != '\\')
            i++;
        SCAN(copy)(to, width, s->data + from, (size_t)(i - from));
        to += (size_t)(i - from) * width;
        if (i == span->stop)
            break;
        PyUnicode_WRITE(width, to, 0, (Py_UCS4)SCAN(escape)(s, span->start - 1, &i));
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
    SCAN(copy)(PyUnicode_DATA(str), PyUnicode_KIND(str), s->data + span->start, (size_t)span->count);
    return str;
}

static PyObject *SCAN(string)(SCAN(scanner) *s)
{
    SCAN(span) span;
    return SCAN(measure)(s, &span) ? SCAN(make_str)(s, &span) : NULL;
}

/* Is it the text that was measured? */
static int SCAN(is_same)(const SCAN(scanner) *s, const SCAN(span) *span, PyObject *key)
{
    const UNIT *data = s->data + span->start;
    if (PyUnicode_GET_LENGTH(key) != span->count)
        return 0;
    int kind = PyUnicode_KIND(key);
    const void *units = PyUnicode_DATA(key);
    if (kind == sizeof(UNIT))
        return memcmp(units, data, (size_t)span->count * sizeof(UNIT)) == 0;
    for (Py_ssize_t i = 0; i < span->count; i++)
        if (PyUnicode_READ(kind, units, i) != data[i])
            return 0;
    return 1;
}

/* The place in the memo of a text of at least one character, of units of that width. */
static PyObject **SCAN(place)(SCAN(scanner) *s, const void *units, int kind, size_t n)
{
    size_t sum = n;
    if (!s->memo && !(s->memo = PyMem_Calloc(MEMO, sizeof *s->memo))) {
        PyErr_NoMemory();
        return NULL;
    }
    for (size_t i = 0; i < 8; i++)
        sum = sum * 31 + PyUnicode_READ(kind, units, (n - 1) / 7 * i + ((n - 1) % 7 * i) / 7);
    return &s->memo[(sum ^ sum >> 8) % MEMO];
}

/* A key with escapes: what it is shows only when it is made. */
static PyObject *SCAN(escaped_key)(SCAN(scanner) *s, const SCAN(span) *span)
{
    PyObject *key = SCAN(make_str)(s, span);
    if (!key || PyUnicode_GET_LENGTH(key) == 0)
        return key;
    PyObject **place = SCAN(place)(s, PyUnicode_DATA(key), PyUnicode_KIND(key), (size_t)PyUnicode_GET_LENGTH(key));
    if (place && *place && PyUnicode_Compare(*place, key) == 0)
        Py_SETREF(key, Py_NewRef(*place));
    else if (place)
        Py_XSETREF(*place, Py_NewRef(key));
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
static PyObject *SCAN(key)(SCAN(scanner) *s)
{
    SCAN(span) span;
    uint8_t room[QPY_KEYS_LONGEST];
    if (!SCAN(measure)(s, &span))
        return NULL;
    if (span.all < 0x80 && !span.escaped && span.count <= QPY_KEYS_LONGEST) {
        for (Py_ssize_t i = 0; i < span.count; i++)
            room[i] = (uint8_t)s->data[span.start + i];
        return qpy_keys_get(s->state->keys, room, (size_t)span.count);
    }
    if (span.escaped || span.count == 0)
        return SCAN(escaped_key)(s, &span);
    PyObject **place = SCAN(place)(s, s->data + span.start, (int)sizeof(UNIT), (size_t)span.count);
    if (place && (!*place || !SCAN(is_same)(s, &span, *place))) {
        PyObject *key = SCAN(make_str)(s, &span);
        if (!key)
            return NULL;
        Py_XSETREF(*place, key);
    }
    return place ? Py_NewRef(*place) : NULL;
}

/* ---------------------------------------------------------------- numbers */

QR_INLINE int SCAN(is_digit)(const SCAN(scanner) *s, Py_ssize_t i) { return i < s->length && s->data[i] >= '0' && s->data[i] <= '9'; }

/* -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)? as far as it goes. */
static PyObject *SCAN(number)(SCAN(scanner) *s)
{
    Py_ssize_t start = s->at, i = start;
    int is_float = 0;
    i += s->data[i] == '-';
    if (!SCAN(is_digit)(s, i))
        return qpy_json_no_value(start);
    if (s->data[i] == '0')
        i++;
    else
        while (SCAN(is_digit)(s, i))
            i++;
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
        PyObject *digits = PyUnicode_FromKindAndData(sizeof(UNIT), s->data + start, i - start), *value = digits ? PyObject_CallOneArg(hook, digits) : NULL;
        Py_XDECREF(digits);
        return value;
    }
    size_t n = (size_t)(i - start);
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
    PyObject *list = PyList_New(0);
    s->at++;
    SCAN(skip_space)(s);
    if (list && SCAN(peek)(s) != ']') {
        int more = 1;
        while (more > 0) {
            PyObject *value = SCAN(value)(s);
            more = value && PyList_Append(list, value) == 0 ? SCAN(more)(s, ']', "Illegal trailing comma before end of array") : -1;
            Py_XDECREF(value);
        }
        if (more < 0)
            Py_CLEAR(list);
    }
    s->at++;
    s->stack.left++;
    return list;
}

/* A key, its colon and its value join the object: a dict, or the list of pairs that the hook wants. */
static int SCAN(pair)(SCAN(scanner) *s, PyObject *object)
{
    PyObject *key, *value = NULL;
    int ok = 0;
    if (SCAN(peek)(s) != '"') {
        qpy_json_fail("Expecting property name enclosed in double quotes", s->text, s->at);
        return 0;
    }
    s->at++;
    if (!(key = SCAN(key)(s)))
        return 0;
    SCAN(skip_space)(s);
    if (SCAN(peek)(s) != ':') {
        qpy_json_fail("Expecting ':' delimiter", s->text, s->at);
        goto done;
    }
    s->at++;
    SCAN(skip_space)(s);
    if (!(value = SCAN(value)(s)))
        goto done;
    if (!s->hooks->object_pairs_hook)
        ok = PyDict_SetItem(object, key, value) == 0;
    else {
        PyObject *pair = PyTuple_Pack(2, key, value);
        ok = pair && PyList_Append(object, pair) == 0;
        Py_XDECREF(pair);
    }
done:
    Py_DECREF(key);
    Py_XDECREF(value);
    return ok;
}

static PyObject *SCAN(object)(SCAN(scanner) *s)
{
    QR_STACK_ENTER(&s->stack, go_deeper(&s->stack, "maximum recursion depth exceeded while decoding a JSON object from a unicode string"), NULL, SCAN(object)(s));
    PyObject *hook = s->hooks->object_pairs_hook, *object = hook ? PyList_New(0) : PyDict_New();
    s->at++;
    SCAN(skip_space)(s);
    if (object && SCAN(peek)(s) != '}') {
        int more = 1;
        while (more > 0)
            more = SCAN(pair)(s, object) ? SCAN(more)(s, '}', "Illegal trailing comma before end of object") : -1;
        if (more < 0)
            Py_CLEAR(object);
    }
    s->at++;
    s->stack.left++;
    if (!hook)
        hook = s->hooks->object_hook;
    if (object && hook)
        Py_SETREF(object, PyObject_CallOneArg(hook, object));
    return object;
}

/* ---------------------------------------------------------------- any value */

static PyObject *SCAN(constant)(SCAN(scanner) *s, const char *name, Py_ssize_t n)
{
    s->at += n;
    return qpy_json_constant(s->state, s->hooks, name);
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
    SCAN(scanner) s = {.state = state, .hooks = hooks, .text = text, .data = PyUnicode_DATA(text), .at = start, .length = PyUnicode_GET_LENGTH(text)};
    qr_depth_init(&s.stack, QPY_JSON_DEPTH);
    PyObject *value = SCAN(value)(&s);
    SCAN(forget)(&s);
    *end = s.at;
    return value;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 against a plain reference written from table 3-7 of the Unicode Standard. Every buffer is allocated to exactly
 * its size, so that a sanitizer sees whatever reads or writes beyond. */
#include "core/base/utf8.h"
#include "tests/c/quire_test.h"

/* ---- the reference ---- */

/* Length of the sequence at p and its code point, or 0: table 3-7, row by row. */
static size_t reference_one(const uint8_t *p, size_t left, uint32_t *code)
{
    static const struct {
        uint8_t first_low, first_high, second_low, second_high;
        size_t length;
    } rows[] = {
        {0x00, 0x7F, 0, 0, 1},       {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
        {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
        {0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
    };
    for (size_t r = 0; r < QR_ARRAY_LENGTH(rows); r++) {
        if (p[0] < rows[r].first_low || p[0] > rows[r].first_high || left < rows[r].length)
            continue;
        if (rows[r].length == 1) {
            *code = p[0];
            return 1;
        }
        if (p[1] < rows[r].second_low || p[1] > rows[r].second_high)
            continue;
        *code = (uint32_t)(p[0] & (0x7F >> rows[r].length)) << 6 | (p[1] & 0x3F);
        for (size_t i = 2; i < rows[r].length; i++) {
            if (p[i] < 0x80 || p[i] > 0xBF)
                return 0;
            *code = *code << 6 | (p[i] & 0x3F);
        }
        return rows[r].length;
    }
    return 0;
}

/* Offset of the first fault or n; the code points before it. */
static size_t reference_decode(const uint8_t *s, size_t n, uint32_t *codes, size_t *count)
{
    size_t at = 0;
    *count = 0;
    while (at < n) {
        size_t length = reference_one(s + at, n - at, &codes[*count]);
        if (length == 0)
            return at;
        at += length;
        ++*count;
    }
    return n;
}

/* ---- helpers ---- */

static void *exact(size_t bytes)
{
    void *p = malloc(bytes ? bytes : 1);
    if (p == NULL)
        exit(2);
    return p;
}

static uint32_t unit_of(const void *units, size_t i, unsigned width)
{ return width == 1 ? ((const uint8_t *)units)[i] : width == 2 ? ((const uint16_t *)units)[i] : ((const uint32_t *)units)[i]; }
static void set_unit(void *units, size_t i, unsigned width, uint32_t code)
{
    if (width == 1)
        ((uint8_t *)units)[i] = (uint8_t)code;
    else if (width == 2)
        ((uint16_t *)units)[i] = (uint16_t)code;
    else
        ((uint32_t *)units)[i] = code;
}
static uint8_t *encode(uint8_t *to, const void *units, size_t n, unsigned width)
{
    return width == 1   ? qr_utf8_encode_1(to, units, n)
           : width == 2 ? qr_utf8_encode_2(to, units, n)
                        : qr_utf8_encode_4(to, units, n);
}
static size_t encoded_length(const void *units, size_t n, unsigned width)
{
    return width == 1   ? qr_utf8_encoded_length_1(units, n)
           : width == 2 ? qr_utf8_encoded_length_2(units, n)
                        : qr_utf8_encoded_length_4(units, n);
}

static const unsigned widths[] = {1, 2, 4};

/* Everything there is to say about one text, in every width. Returns 1 when all of it held. */
static int check_text(const uint8_t *bytes, size_t n)
{
    uint8_t *s = exact(n);
    memcpy(s, bytes, n);
    uint32_t *codes = exact((n + 1) * sizeof *codes), largest = 0;
    size_t count, fault = reference_decode(s, n, codes, &count), measured;
    for (size_t i = 0; i < count; i++)
        largest = codes[i] > largest ? codes[i] : largest;
    int holds = CHECK_EQ(qr_utf8_invalid_at(s, n), fault);
    qr_text_class class_ = qr_utf8_measure(s, n, &measured);
    if (fault == n) {
        holds &= CHECK_EQ(measured, count);
        holds &= CHECK_EQ(class_, largest < 0x80      ? QR_TEXT_ASCII
                                  : largest < 0x100   ? QR_TEXT_LATIN1
                                  : largest < 0x10000 ? QR_TEXT_BMP
                                                      : QR_TEXT_FULL);
    }
    for (size_t w = 0; w < 3; w++) {
        unsigned width = widths[w];
        int fits = fault == n && largest <= (width == 1 ? 0xFF : width == 2 ? 0xFFFF : 0x10FFFF);
        size_t room = fault == n ? count : measured;
        void *units = exact(room * width);
        holds &= CHECK_EQ(qr_utf8_decode(s, n, units, width, room), fits);
        if (fits) {
            size_t same = 0;
            while (same < count && unit_of(units, same, width) == codes[same])
                same++;
            holds &= CHECK_EQ(same, count);
            holds &= CHECK_EQ(encoded_length(units, count, width), n);
            uint8_t *text = exact(n + QR_UTF8_SLACK);
            uint8_t *end = encode(text, units, count, width);
            holds &= CHECK(end == text + n) && CHECK_BYTES_EQ(text, n, s, n);
            free(text);
        }
        free(units);
        for (size_t wrong = room ? room - 1 : 1; wrong <= room + 1; wrong += 2) {
            units = exact(wrong * width);
            holds &= CHECK_EQ(qr_utf8_decode(s, n, units, width, wrong), 0);
            free(units);
        }
    }
    free(codes);
    free(s);
    return holds;
}

static size_t reference_encode(uint8_t *to, uint32_t code)
{
    if (code < 0x80)
        return to[0] = (uint8_t)code, 1;
    size_t length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = length; --i; code >>= 6)
        to[i] = (uint8_t)(0x80 | (code & 0x3F));
    to[0] = (uint8_t)((0xF00 >> length) | code);
    return length;
}

/* ---- tests ---- */

static void test_every_code_point(void)
{
    uint8_t *room = exact(4), expected[4];
    for (uint32_t code = 0; code <= 0x10FFFF; code++) {
        size_t length = reference_encode(expected, code);
        int surrogate = code >= 0xD800 && code <= 0xDFFF;
        REQUIRE(qr_utf8_encode_point(room, code) == (int)length && memcmp(room, expected, length) == 0);
        uint32_t unit = 0;
        REQUIRE(qr_utf8_decode(expected, length, &unit, 4, 1) == !surrogate);
        REQUIRE(surrogate || unit == code);
        REQUIRE(qr_utf8_invalid_at(expected, length) == (surrogate ? 0 : length));
        REQUIRE(qr_utf8_encoded_length_4(&code, 1) == length);
    }
    free(room);
}

/* Each in a crowd of neighbours of its own length, so that the block steps see it. */
static void test_every_code_point_in_blocks(void)
{
    enum { N = 96 };
    uint8_t *text = exact(4 * N + QR_UTF8_SLACK), expected[4 * N];
    for (unsigned width = 2; width <= 4; width += 2) {
        void *units = exact(N * width), *back = exact(N * width);
        for (uint32_t first = 0; first <= (width == 2 ? 0xFFFFu : 0x10FFFFu); first += N) {
            size_t n = 0, surrogates = 0;
            for (uint32_t i = 0; i < N; i++) {
                uint32_t code = first + i > (width == 2 ? 0xFFFF : 0x10FFFF) ? 'x' : first + i;
                surrogates += code >= 0xD800 && code <= 0xDFFF;
                n += reference_encode(expected + n, code);
                set_unit(units, i, width, code);
            }
            uint8_t *end = encode(text, units, N, width);
            REQUIRE((end == NULL) == (surrogates > 0));
            REQUIRE(encoded_length(units, N, width) == n);
            REQUIRE(qr_utf8_decode(expected, n, back, width, N) == (surrogates == 0));
            if (surrogates == 0) {
                REQUIRE((size_t)(end - text) == n && memcmp(text, expected, n) == 0);
                REQUIRE(memcmp(back, units, N * width) == 0);
            }
        }
        free(units);
        free(back);
    }
    free(text);
}

static void test_every_two_bytes(void)
{
    for (int a = 0; a < 256; a++)
        for (int b = 0; b < 256; b++)
            REQUIRE(check_text((uint8_t[]){(uint8_t)a, (uint8_t)b}, 2));
}

static void test_every_three_bytes(void)
{
    uint32_t code;
    uint8_t s[3];
    for (uint32_t all = 0; all < 1u << 24; all++) {
        s[0] = (uint8_t)(all >> 16), s[1] = (uint8_t)(all >> 8), s[2] = (uint8_t)all;
        if (s[0] < 0xC0)
            continue;
        size_t at = 0, length;
        while (at < 3 && (length = reference_one(s + at, 3 - at, &code)))
            at += length;
        REQUIRE(qr_utf8_invalid_at(s, 3) == at);
    }
}

/* All sequences of two and three bytes with a right or wrong lead, within a run of their like. */
static void test_prefixes_in_blocks(void)
{
    enum { N = 99 };
    uint8_t *s = exact(N);
    uint16_t *units = exact(N * sizeof *units), *wanted = exact(N * sizeof *wanted);
    uint32_t codes[N];
    for (unsigned lead = 0x80; lead < 0x100; lead++)
        for (unsigned second = 0; second < 256; second++)
            for (unsigned third = 0; third < 256; third += lead < 0xE0 || lead > 0xEF ? 51 : 1) {
                for (size_t i = 0; i < N; i += 3)
                    memcpy(s + i, "\xE4\xB8\xAD", 3);
                if (lead < 0xE0)
                    for (size_t i = 0; i < 90; i += 2)
                        memcpy(s + i, "\xD0\xB6", 2);
                size_t at = lead < 0xE0 ? 36 : 33, count;
                s[at] = (uint8_t)lead, s[at + 1] = (uint8_t)second, s[at + 2] = (uint8_t)third;
                size_t fault = reference_decode(s, N, codes, &count);
                REQUIRE(qr_utf8_invalid_at(s, N) == fault);
                REQUIRE(qr_utf8_decode(s, N, units, 2, count) == (fault == N));
                if (fault == N) {
                    for (size_t i = 0; i < count; i++)
                        wanted[i] = (uint16_t)codes[i];
                    REQUIRE(memcmp(units, wanted, count * sizeof *units) == 0);
                }
            }
    free(s);
    free(units);
    free(wanted);
}

/* The stress cases that Markus Kuhn's test file gathers, and where each is at fault. */
static void test_stress_cases(void)
{
    static const struct {
        const char *text;
        int fault; /* -1: valid */
    } cases[] = {
        {"\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5", -1},
        /* first and last of each length */
        {"\xC2\x80", -1},
        {"\xE0\xA0\x80", -1},
        {"\xF0\x90\x80\x80", -1},
        {"\xF8\x88\x80\x80\x80", 0},
        {"\xFC\x84\x80\x80\x80\x80", 0},
        {"\x7F", -1},
        {"\xDF\xBF", -1},
        {"\xEF\xBF\xBF", -1},
        {"\xF7\xBF\xBF\xBF", 0},
        {"\xFB\xBF\xBF\xBF\xBF", 0},
        {"\xFD\xBF\xBF\xBF\xBF\xBF", 0},
        {"\xED\x9F\xBF", -1},
        {"\xEE\x80\x80", -1},
        {"\xEF\xBF\xBD", -1},
        {"\xF4\x8F\xBF\xBF", -1},
        {"\xF4\x90\x80\x80", 0},
        /* continuations without a lead */
        {"\x80", 0},
        {"\xBF", 0},
        {"\x80\xBF", 0},
        {"a\x80\xBF\x80", 1},
        /* leads without continuations */
        {"\xC3 ", 0},
        {"\xE3 ", 0},
        {"\xF1 ", 0},
        {"\xF9 ", 0},
        {"\xFD ", 0},
        {"\xC3", 0},
        {"\xE0\x80", 0},
        {"\xF0\x80\x80", 0},
        {"\xDF", 0},
        {"\xEF\xBF", 0},
        {"\xF7\xBF\xBF", 0},
        /* bytes that are never there */
        {"\xFE", 0},
        {"\xFF", 0},
        {"\xFE\xFE\xFF\xFF", 0},
        /* overlong */
        {"\xC0\xAF", 0},
        {"\xE0\x80\xAF", 0},
        {"\xF0\x80\x80\xAF", 0},
        {"\xF8\x80\x80\x80\xAF", 0},
        {"\xC1\xBF", 0},
        {"\xE0\x9F\xBF", 0},
        {"\xF0\x8F\xBF\xBF", 0},
        {"\xC0\x80", 0},
        /* surrogates, alone and paired */
        {"\xED\xA0\x80", 0},
        {"\xED\xAD\xBF", 0},
        {"\xED\xAE\x80", 0},
        {"\xED\xAF\xBF", 0},
        {"\xED\xB0\x80", 0},
        {"\xED\xBE\x80", 0},
        {"\xED\xBF\xBF", 0},
        {"\xED\xA0\x80\xED\xB0\x80", 0},
        {"\xED\xAF\xBF\xED\xBF\xBF", 0},
        /* noncharacters are characters here */
        {"\xEF\xBF\xBE", -1},
        {"\xEF\xB7\x90", -1},
        {"\xF0\x9F\xBF\xBE", -1},
    };
    for (size_t c = 0; c < QR_ARRAY_LENGTH(cases); c++) {
        size_t n = strlen(cases[c].text);
        size_t fault = cases[c].fault < 0 ? n : (size_t)cases[c].fault;
        CHECK_EQ(qr_utf8_invalid_at((const uint8_t *)cases[c].text, n), fault);
        /* Behind and between runs of every kind, at every distance from a block's edge. */
        static const char *const runs[] = {"a", "\xC3\xA9", "\xD0\xB6", "\xE4\xB8\xAD", "\xF0\x9F\x98\x80"};
        for (size_t r = 0; r < QR_ARRAY_LENGTH(runs); r++)
            for (size_t before = 0; before < 40; before++) {
                uint8_t text[400];
                size_t length = 0, run = strlen(runs[r]);
                for (size_t i = 0; i < before; i++, length += run)
                    memcpy(text + length, runs[r], run);
                size_t at = length;
                memcpy(text + length, cases[c].text, n);
                length += n;
                CHECK_EQ(qr_utf8_invalid_at(text, length), cases[c].fault < 0 ? length : at + fault);
                check_text(text, length);
                for (size_t i = 0; i < 20; i++, length += run)
                    memcpy(text + length, runs[r], run);
                CHECK_EQ(qr_utf8_invalid_at(text, length), cases[c].fault < 0 ? length : at + fault);
                check_text(text, length);
            }
    }
}

/* One character of each length at every place of a text of every length and filler. */
static void test_every_split(void)
{
    static const char *const units[] = {"a", "\xC3\xA9", "\xD0\xB6", "\xE4\xB8\xAD", "\xF0\x9F\x98\x80"};
    for (size_t f = 0; f < 5; f++)
        for (size_t o = 0; o < 5; o++)
            for (size_t count = 0; count <= 36; count++)
                for (size_t odd = 0; odd <= count; odd++) {
                    uint8_t text[160];
                    size_t n = 0;
                    for (size_t i = 0; i < count; i++) {
                        const char *unit = units[i == odd ? o : f];
                        memcpy(text + n, unit, strlen(unit));
                        n += strlen(unit);
                    }
                    REQUIRE(check_text(text, n));
                }
}

static size_t random_code(uint64_t *state, int kind)
{
    uint64_t r = qr_test_random(state);
    static const uint32_t low[] = {0, 0x80, 0x100, 0x800, 0x10000}, high[] = {0x80, 0x100, 0x800, 0xD800, 0x110000};
    return low[kind] + r % (high[kind] - low[kind]);
}

/* Runs of random length of random kinds, whole and then with bytes changed and cut off. */
static void test_random_texts(void)
{
    uint64_t state = 7;
    static uint8_t text[4096];
    for (int round = 0; round < 6000; round++) {
        size_t n = 0, runs = qr_test_random(&state) % 16, most = 1 + qr_test_random(&state) % 40;
        int kinds = 1 + (int)(qr_test_random(&state) % 5);
        for (size_t r = 0; r < runs && n < 400; r++) {
            int kind = (int)(qr_test_random(&state) % (uint64_t)kinds);
            for (size_t i = qr_test_random(&state) % most; i--;)
                n += reference_encode(text + n, (uint32_t)random_code(&state, kind));
        }
        REQUIRE(check_text(text, n));
        if (n == 0)
            continue;
        uint8_t changed[4096];
        for (int change = 0; change < 3; change++) {
            memcpy(changed, text, n);
            uint64_t r = qr_test_random(&state);
            unsigned flipped = changed[r % n] ^ 1u << (r >> 32) % 8;
            changed[r % n] = (uint8_t)(change == 0 ? r >> 32 : flipped);
            REQUIRE(check_text(changed, n));
            REQUIRE(check_text(text, (r >> 40) % (n + 1)));
        }
    }
}

static void test_no_surrogates_are_written(void)
{
    enum { N = 176 };
    uint8_t *text = exact(4 * N + QR_UTF8_SLACK);
    static const uint32_t fillers[] = {'a', 0xE9, 0x436, 0x4E2D, 0x1F600};
    static const uint32_t wrong[] = {0xD800,     0xDBFF,     0xDC00,     0xDFFF,     0x110000,
                                     0x7FFFFFFF, 0x80000000, 0x8000D7FF, 0xFFFFFFFF, 0x1D800 << 4};
    for (size_t f = 0; f < 5; f++)
        for (size_t n = 1; n <= N; n += n < 40 ? 1 : 13)
            for (size_t at = 0; at < n; at++)
                for (size_t k = 0; k < QR_ARRAY_LENGTH(wrong); k++)
                    for (unsigned width = 2; width <= 4; width += 2) {
                        if (width == 2 && (wrong[k] > 0xFFFF || fillers[f] > 0xFFFF))
                            continue;
                        void *units = exact(n * width);
                        for (size_t i = 0; i < n; i++)
                            set_unit(units, i, width, i == at ? wrong[k] : fillers[f]);
                        REQUIRE(encode(text, units, n, width) == NULL);
                        free(units);
                    }
    free(text);
}

static void test_measure_of_long_texts(void)
{
    size_t n = 3 * 254 * 16 * 5 + 7, count;
    uint8_t *s = exact(n);
    memset(s, 0xBF, n); /* not text, but the count must not overflow on the way */
    CHECK_EQ(qr_utf8_measure(s, n, &count), QR_TEXT_LATIN1);
    CHECK_EQ(count, 0);
    memset(s, 'a', n);
    CHECK_EQ(qr_utf8_measure(s, n, &count), QR_TEXT_ASCII);
    CHECK_EQ(count, n);
    for (size_t at = 0; at < n; at += 97) {
        s[at] = 0xF0;
        CHECK_EQ(qr_utf8_measure(s, n, &count), QR_TEXT_FULL);
        s[at] = 'a';
    }
    for (size_t length = 0; length < 70; length++)
        for (int c = 0; c < 256; c += c % 64 == 63 ? 1 : 31) {
            uint8_t *p = exact(length);
            for (size_t at = 0; at < length; at++) {
                memset(p, 'a', length);
                p[at] = (uint8_t)c;
                qr_text_class wanted = c < 0x80   ? QR_TEXT_ASCII
                                       : c < 0xC4 ? QR_TEXT_LATIN1
                                       : c < 0xF0 ? QR_TEXT_BMP
                                                  : QR_TEXT_FULL;
                CHECK_EQ(qr_utf8_measure(p, length, &count), wanted);
                CHECK_EQ(count, length - ((c & 0xC0) == 0x80));
            }
            free(p);
        }
    free(s);
}

static void test_encoded_length_of_long_texts(void)
{
    enum { N = 8192 * 8 * 2 + 11 };
    static const uint32_t codes[] = {'a', 0x80, 0x7FF, 0x800, 0xFFFF, 0x10000, 0x10FFFF};
    static const size_t lengths[] = {1, 2, 2, 3, 3, 4, 4};
    uint32_t *units = exact(N * 4);
    for (size_t k = 0; k < QR_ARRAY_LENGTH(codes); k++) {
        for (size_t i = 0; i < N; i++)
            units[i] = codes[k];
        CHECK_EQ(qr_utf8_encoded_length_4(units, N), N * lengths[k]);
        for (size_t i = 0; i < N; i++)
            set_unit(units, i, 2, codes[k]);
        if (codes[k] < 0x10000)
            CHECK_EQ(qr_utf8_encoded_length_2((uint16_t *)units, N), N * lengths[k]);
        memset(units, codes[k] == 'a' ? 'a' : 0xE9, N);
        CHECK_EQ(qr_utf8_encoded_length_1((uint8_t *)units, N), N * (codes[k] == 'a' ? 1 : 2));
    }
    free(units);
}

static void test_nothing(void)
{
    size_t count = 9;
    CHECK_EQ(qr_utf8_measure(NULL, 0, &count), QR_TEXT_ASCII);
    CHECK_EQ(count, 0);
    CHECK_EQ(qr_utf8_decode(NULL, 0, NULL, 1, 0), 1);
    CHECK_EQ(qr_utf8_decode(NULL, 0, NULL, 2, 1), 0);
    CHECK_EQ(qr_utf8_invalid_at(NULL, 0), 0);
    CHECK_EQ(qr_utf8_decode((const uint8_t *)"a", 1, &count, 3, 1), 0);
    CHECK_EQ(qr_utf8_encoded_length_1(NULL, 0), 0);
    CHECK_EQ(qr_utf8_encoded_length_2(NULL, 0), 0);
    CHECK_EQ(qr_utf8_encoded_length_4(NULL, 0), 0);
    uint8_t to[QR_UTF8_SLACK];
    CHECK(qr_utf8_encode_1(to, NULL, 0) == to);
    CHECK(qr_utf8_encode_2(to, NULL, 0) == to);
    CHECK(qr_utf8_encode_4(to, NULL, 0) == to);
}

static void test_classes(void)
{
    CHECK(QR_TEXT_ASCII < QR_TEXT_LATIN1 && QR_TEXT_LATIN1 < QR_TEXT_BMP && QR_TEXT_BMP < QR_TEXT_FULL);
    CHECK_EQ(qr_text_width(QR_TEXT_ASCII), 1);
    CHECK_EQ(qr_text_width(QR_TEXT_LATIN1), 1);
    CHECK_EQ(qr_text_width(QR_TEXT_BMP), 2);
    CHECK_EQ(qr_text_width(QR_TEXT_FULL), 4);
    CHECK_EQ(qr_text_maximum(QR_TEXT_ASCII), 0x7F);
    CHECK_EQ(qr_text_maximum(QR_TEXT_LATIN1), 0xFF);
    CHECK_EQ(qr_text_maximum(QR_TEXT_BMP), 0xFFFF);
    CHECK_EQ(qr_text_maximum(QR_TEXT_FULL), 0x10FFFF);
}

TEST_MAIN(TEST(test_every_code_point), TEST(test_every_code_point_in_blocks), TEST(test_every_two_bytes),
          TEST(test_every_three_bytes), TEST(test_prefixes_in_blocks), TEST(test_stress_cases), TEST(test_every_split),
          TEST(test_random_texts), TEST(test_no_surrogates_are_written), TEST(test_measure_of_long_texts),
          TEST(test_encoded_length_of_long_texts), TEST(test_nothing), TEST(test_classes))

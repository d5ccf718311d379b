/* SPDX-License-Identifier: Apache-2.0 */
/* Doubles against the C library: strtod and printf are exact in glibc and on macOS. */
#include <float.h>
#include <inttypes.h>
#include <math.h>

#include "core/base/float64.h"
#include "tests/c/quire_test.h"

#if defined(__SSE2__)
/* The writer without vectors, as it is on other machines. */
#define QR_FLOAT64_SCALAR
#define qr_float64_powers scalar_powers
#define qr_float64_exact_powers scalar_exact_powers
#define qr_float64_write scalar_write
#define qr_float64_from_large scalar_from_large
#define qr_float64_read scalar_read
#include "core/base/float64.c"
#undef qr_float64_powers
#undef qr_float64_exact_powers
#undef qr_float64_write
#undef qr_float64_from_large
#undef qr_float64_read
#else
#define scalar_write qr_float64_write
#endif

enum { RANDOM_ROUNDS = 1000000, SLOW_ROUNDS = 200000, GUARD = 8 };

static double from_bits(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, 8);
    return value;
}

static uint64_t to_bits(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, 8);
    return bits;
}

static double random_finite(uint64_t *state)
{
    for (;;) {
        double value = from_bits(qr_test_random(state));
        if (isfinite(value))
            return value;
    }
}

/* ---- writing ---- */

/* The text of a value, ended by a 0; NULL when the writer left its room or the two writers differ. */
static const char *text_of(double value)
{
    static char room[QR_FLOAT64_ROOM + GUARD], other[QR_FLOAT64_ROOM + GUARD];
    memset(room, 0xEE, sizeof room);
    memset(other, 0xEE, sizeof other);
    size_t length = (size_t)(qr_float64_write((uint8_t *)room, value) - (uint8_t *)room);
    size_t other_length = (size_t)(scalar_write((uint8_t *)other, value) - (uint8_t *)other);
    for (int i = 0; i < GUARD; i++)
        if ((uint8_t)room[QR_FLOAT64_ROOM + i] != 0xEE || (uint8_t)other[QR_FLOAT64_ROOM + i] != 0xEE)
            return NULL;
    if (length >= QR_FLOAT64_ROOM || length != other_length || memcmp(room, other, length) != 0)
        return NULL;
    room[length] = 0;
    return room;
}

static void test_write_known(void)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0.0, "0.0"}, {-0.0, "-0.0"}, {1.0, "1.0"}, {-1.0, "-1.0"}, {10.0, "10.0"}, {0.5, "0.5"}, {2.0, "2.0"}, {3.0, "3.0"},
        {0.1, "0.1"}, {0.3, "0.3"}, {0.1 + 0.2, "0.30000000000000004"}, {-65.613616999999977, "-65.61361699999998"},
        {1e-4, "0.0001"}, {1.5e-4, "0.00015"}, {0.00012345678901234567, "0.00012345678901234567"}, {0.001, "0.001"},
        {1e-5, "1e-05"}, {9.999e-5, "9.999e-05"}, {1.25e-5, "1.25e-05"}, {1e-10, "1e-10"}, {1e-100, "1e-100"}, {1.5e-100, "1.5e-100"},
        {1e15, "1000000000000000.0"}, {9999999999999998.0, "9999999999999998.0"}, {1e16, "1e+16"}, {1.5e16, "1.5e+16"},
        {1234567890123456.0, "1234567890123456.0"}, {123456789012345.6, "123456789012345.6"}, {12345678.9, "12345678.9"},
        {123456789.5, "123456789.5"}, {1e8, "100000000.0"}, {12345678901234567.0, "1.2345678901234568e+16"}, {1e22, "1e+22"},
        {1e23, "1e+23"}, {9007199254740991.0, "9007199254740991.0"}, {9007199254740992.0, "9007199254740992.0"},
        {9007199254740994.0, "9007199254740994.0"}, {18014398509481984.0, "1.8014398509481984e+16"},
        {5e-324, "5e-324"}, {1e-323, "1e-323"}, {1.5e-323, "1.5e-323"}, {2.5e-323, "2.5e-323"}, {-5e-324, "-5e-324"},
        {2.225073858507201e-308, "2.225073858507201e-308"}, {2.2250738585072014e-308, "2.2250738585072014e-308"},
        {2.2250738585072019e-308, "2.225073858507202e-308"}, {4.4501477170144023e-308, "4.4501477170144023e-308"},
        {1.7976931348623157e308, "1.7976931348623157e+308"}, {-1.7976931348623157e308, "-1.7976931348623157e+308"},
        {8.98846567431158e307, "8.98846567431158e+307"}, {4.35e-322, "4.35e-322"}, {6.103515625e-05, "6.103515625e-05"},
        {9.5367431640625e-07, "9.5367431640625e-07"}, {5.684341886080802e-14, "5.684341886080802e-14"}, {1.152921504606847e18, "1.152921504606847e+18"},
        {2.98023223876953125e-8, "2.9802322387695312e-08"}, {9.109e-31, "9.109e-31"}, {6.02214076e23, "6.02214076e+23"}, {4.708356024711512e18, "4.708356024711512e+18"},
        {9409340012568248e18, "9.409340012568247e+33"}, {2.109808898695963e16, "2.109808898695963e+16"}, {3.3161339052167390562200598e-237, "3.316133905216739e-237"},
    };
    for (size_t i = 0; i < QR_ARRAY_LENGTH(cases); i++)
        CHECK_STR_EQ(text_of(cases[i].value), cases[i].text);
}

/* The significant digits of a text and its sign apart from its layout, as one integer times a power of ten. */
static void digits_of(const char *text, uint64_t *digits, int *count, int *exponent)
{
    int after_point = 0;
    *digits = 0, *exponent = 0;
    for (; *text && *text != 'e'; text++)
        if (*text == '.')
            after_point = 1;
        else if (*text != '-') {
            *digits = *digits * 10 + (uint64_t)(*text - '0');
            *exponent -= after_point;
        }
    if (*text == 'e')
        *exponent += atoi(text + 1);
    for (; *digits && *digits % 10 == 0; *digits /= 10)
        ++*exponent;
    *count = 0;
    for (uint64_t rest = *digits; rest; rest /= 10)
        ++*count;
}

static double read_by_library(uint64_t digits, int exponent)
{
    char text[64];
    snprintf(text, sizeof text, "%" PRIu64 "e%d", digits, exponent);
    return strtod(text, NULL);
}

/* Whether the text is laid out as repr() does, given its digits and the power of ten of the first. */
static int is_laid_out(const char *text, uint64_t digits, int count, int exponent)
{
    char expected[64], all[32];
    int first = exponent + count - 1, n = 0;
    snprintf(all, sizeof all, "%" PRIu64, digits);
    if (first < -4 || first >= 16)
        n = snprintf(expected, sizeof expected, count > 1 ? "%.1s.%se%c%02d" : "%.1s%se%c%02d", all, all + 1, first < 0 ? '-' : '+', abs(first));
    else if (first < 0)
        n = snprintf(expected, sizeof expected, "0.%.*s%s", -first - 1, "0000", all);
    else if (count <= first + 1)
        n = snprintf(expected, sizeof expected, "%s%.*s.0", all, first + 1 - count, "0000000000000000");
    else
        n = snprintf(expected, sizeof expected, "%.*s.%s", first + 1, all, all + first + 1);
    return n > 0 && CHECK_STR_EQ(text[0] == '-' ? text + 1 : text, expected);
}

/* Reads back; no shorter text does; no other text of that length that does is nearer; the layout is right. */
static int is_shortest(double value)
{
    const char *text = text_of(value);
    if (!CHECK(text != NULL) || !CHECK(to_bits(strtod(text, NULL)) == to_bits(value)))
        return 0;
    if (value == 0)
        return CHECK_STR_EQ(text, signbit(value) ? "-0.0" : "0.0");
    uint64_t digits;
    int count, exponent;
    double magnitude = fabs(value);
    char exact[64];
    digits_of(text, &digits, &count, &exponent);
    int good = is_laid_out(text, digits, count, exponent);
    if (count > 1) { /* the two texts of one digit less that are nearest */
        good &= CHECK(read_by_library(digits / 10, exponent + 1) != magnitude);
        good &= CHECK(read_by_library(digits / 10 + 1, exponent + 1) != magnitude);
    }
    snprintf(exact, sizeof exact, "%.*e", count - 1, magnitude); /* the nearest text of that many digits */
    if (strtod(exact, NULL) == magnitude) {
        uint64_t nearest;
        int nearest_count, nearest_exponent;
        digits_of(exact, &nearest, &nearest_count, &nearest_exponent);
        good &= CHECK(nearest == digits && nearest_exponent == exponent);
    }
    if (!good)
        printf("    value %a, text %s\n", value, text);
    return good;
}

static void test_write_powers_of_two(void)
{
    for (int e = -1074; e < 1024; e++) {
        double value = ldexp(1, e);
        CHECK(is_shortest(value));
        CHECK(is_shortest(nextafter(value, 0)));
        if (e < 1023)
            CHECK(is_shortest(-nextafter(value, INFINITY)));
    }
    CHECK(is_shortest(DBL_MAX));
}

static void test_write_powers_of_ten(void)
{
    for (int e = -323; e <= 308; e++) {
        double value = read_by_library(1, e);
        CHECK(is_shortest(value));
        CHECK(is_shortest(nextafter(value, 0)));
        CHECK(is_shortest(nextafter(value, INFINITY)));
    }
}

static void test_write_random(void)
{
    uint64_t state = 1;
    for (int i = 0; i < SLOW_ROUNDS; i++)
        REQUIRE(is_shortest(random_finite(&state)));
    for (int i = 0; i < SLOW_ROUNDS; i++) { /* what documents hold: integers, prices, coordinates, subnormals */
        uint64_t r = qr_test_random(&state);
        REQUIRE(is_shortest((double)(int64_t)(r >> (i & 63))));
        REQUIRE(is_shortest((double)(int64_t)(r >> (11 + (i & 31))) / 100));
        REQUIRE(is_shortest((double)(r >> 11) * 0x1p-53 * 360 - 180));
        REQUIRE(is_shortest(from_bits(r >> (12 + (i & 31)))));
    }
    for (int i = 0; i < RANDOM_ROUNDS; i++) {
        double value = random_finite(&state), again = 0;
        const char *text = text_of(value);
        REQUIRE(text != NULL);
        REQUIRE(qr_float64_read((const uint8_t *)text, strlen(text), &again) == 1 && to_bits(again) == to_bits(value));
    }
}

static void test_write_stays_in_its_room(void)
{
    uint64_t state = 2;
    CHECK(text_of(INFINITY) != NULL); /* meaningless, but bounded */
    CHECK(text_of(-NAN) != NULL);
    for (int i = 0; i < 1000; i++)
        CHECK(text_of(from_bits(qr_test_random(&state) | (uint64_t)0x7FF << 52)) != NULL);
}

/* ---- reading ---- */

/* From a block of just that length, so that a sanitizer sees a byte too many. */
static int read_text(const char *text, size_t length, double *value)
{
    uint8_t *copy = malloc(length + 1);
    memcpy(copy + 1, text, length);
    int result = qr_float64_read(copy + 1, length, value);
    free(copy);
    return result;
}

/* As the library reads it. */
static int reads_well(const char *text)
{
    double value = 42, expected = strtod(text, NULL);
    int result = read_text(text, strlen(text), &value);
    if (CHECK_EQ(result, isinf(expected) ? 0 : 1) && CHECK(to_bits(value) == to_bits(expected)))
        return 1;
    printf("    text %.60s (%zu bytes) as %a, not %a\n", text, strlen(text), value, expected);
    return 0;
}

static void test_read_known(void)
{
    static const struct {
        const char *text;
        double value;
    } cases[] = {
        {"0", 0}, {"0.0", 0}, {"0e999999999999999999999", 0}, {"1", 1}, {"-1.5", -1.5}, {"1E2", 100}, {"1e+2", 100}, {"100e-2", 1},
        {"9007199254740993", 9007199254740992.0}, {"9007199254740993.0", 9007199254740992.0}, {"9007199254740993.00000000000000000001", 9007199254740994.0},
        {"9007199254740992.9999999999999999999", 9007199254740992.0}, {"9007199254740995", 9007199254740996.0}, {"900719925474099.3e1", 9007199254740992.0},
        {"90071992547409930e-1", 9007199254740992.0}, {"1.7976931348623157e308", DBL_MAX}, {"1.7976931348623158e308", DBL_MAX},
        {"179769313486231570000000000000000000000e270", DBL_MAX}, {"5e-324", 0x1p-1074}, {"4.9406564584124654e-324", 0x1p-1074},
        {"2.4703282292062327e-324", 0}, {"2.4703282292062328e-324", 0x1p-1074}, {"2e-324", 0}, {"3e-324", 0x1p-1074},
        {"2.2250738585072011e-308", 0x0.fffffffffffffp-1022}, {"2.2250738585072012e-308", 0x1p-1022}, {"2.2250738585072014e-308", 0x1p-1022},
        {"2.2250738585072009e-308", 0x0.fffffffffffffp-1022}, {"1e-400", 0}, {"1e-999999999999999999999999", 0}, {"1e23", 1e23},
        {"8.589973e9", 8589973000.0}, {"1090544144181609348835077142190", 0x1.b8779f2474dfbp+99}, {"123456789012345678901234567890", 123456789012345678901234567890.0},
        {"0.000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001e102", 1},
        {"100000000000000000000000000000000000000000000000000e-50", 1},
    };
    for (size_t i = 0; i < QR_ARRAY_LENGTH(cases); i++) {
        double value = 42;
        if (!CHECK_EQ(read_text(cases[i].text, strlen(cases[i].text), &value), 1) || !CHECK(to_bits(value) == to_bits(cases[i].value)))
            printf("    text %s as %a, not %a\n", cases[i].text, value, cases[i].value);
    }
    double value;
    CHECK_EQ(read_text("-0", 2, &value), 1);
    CHECK(to_bits(value) == (uint64_t)1 << 63);
    CHECK_EQ(read_text("-1e-400", 7, &value), 1);
    CHECK(to_bits(value) == (uint64_t)1 << 63);
}

static void test_read_overflow(void)
{
    static const char *const cases[] = {"1e309", "1.7976931348623159e308", "1.797693134862315808e308", "2e308", "1e400", "1e99999999999999999999999999",
                                        "17976931348623159077293051907890247336179769789423065727343008115773267580550096313270847732240753602112011387"
                                        "98713933576587897688144166224928474306394741243777678934248654852763022196012460941194530829520850057688381506"
                                        "82342462881473913110540827237163350510684586298239947245938479716304835356329624224137216e1"};
    for (size_t i = 0; i < QR_ARRAY_LENGTH(cases); i++) {
        char negative[400];
        double value = 0;
        CHECK_EQ(read_text(cases[i], strlen(cases[i]), &value), 0);
        CHECK(value == INFINITY);
        snprintf(negative, sizeof negative, "-%s", cases[i]);
        CHECK_EQ(read_text(negative, strlen(negative), &value), 0);
        CHECK(value == -INFINITY);
    }
}

static void test_read_refuses(void)
{
    static const char *const cases[] = {"", "-", "+1", ".5", "5.", "-.5", "1e", "1e+", "1e-", "1.e5", "01", "-01", "00.5", "1 ", " 1", "1x", "1.5x", "1e5x",
                                        "1e5.0", "1..5", "1.5.5", "--1", "1-", "0x10", "nan", "inf", "Infinity", "1e5e5", "e5", "1_0", "1,5",
                                        "12345678x", "1.12345678x", "1e12345678x", "1f5", "1\x05", "1\x25\x31"};
    for (size_t i = 0; i < QR_ARRAY_LENGTH(cases); i++) {
        double value = 42;
        if (!CHECK_EQ(read_text(cases[i], strlen(cases[i]), &value), -1))
            printf("    text %s\n", cases[i]);
        CHECK(value == 42);
    }
    double value;
    CHECK_EQ(read_text("1\0", 2, &value), -1);
    CHECK_EQ(read_text("12", 1, &value), 1);
    CHECK(value == 1);
    uint64_t state = 5;
    for (int i = 0; i < SLOW_ROUNDS; i++) { /* any bytes are safe */
        char text[12];
        size_t length = (size_t)(qr_test_random(&state) % sizeof text);
        for (size_t at = 0; at < length; at++)
            text[at] = "0123456789..eE+-"[qr_test_random(&state) % 16];
        int result = read_text(text, length, &value);
        CHECK(result >= -1 && result <= 1);
    }
}

static void test_read_random(void)
{
    uint64_t state = 6;
    char text[64];
    for (int i = 0; i < SLOW_ROUNDS; i++) {
        double value = random_finite(&state);
        snprintf(text, sizeof text, "%.*e", 10 + i % 16, value);
        REQUIRE(reads_well(text));
        snprintf(text, sizeof text, "%" PRIu64 "e%d", qr_test_random(&state) >> (i & 63), (int)(qr_test_random(&state) % 680) - 360);
        REQUIRE(reads_well(text));
        snprintf(text, sizeof text, "%" PRIu64 ".%" PRIu64, qr_test_random(&state) >> (i & 63), qr_test_random(&state) >> (i >> 6 & 63));
        REQUIRE(reads_well(text));
        snprintf(text, sizeof text, "%" PRIu64 "%" PRIu64 "e%d", (qr_test_random(&state) >> 1) + 1, qr_test_random(&state), (int)(qr_test_random(&state) % 680) - 370);
        REQUIRE(reads_well(text));
    }
}

static void test_read_long(void)
{
    static char text[8192];
    uint64_t state = 7;
    for (int i = 0; i < 3000; i++) {
        size_t length = 20 + (size_t)(qr_test_random(&state) % 2000), point = (size_t)(qr_test_random(&state) % length);
        for (size_t at = 0; at < length; at++)
            text[at] = (char)('0' + qr_test_random(&state) % (i & 1 ? 10 : 2) * (at + 30 > length || at < 30 || i % 4 < 2));
        text[0] = '1';
        if (point)
            text[point] = '.';
        if (point + 1 == length)
            text[length++] = '5';
        snprintf(text + length, 16, "e%d", (int)(qr_test_random(&state) % 700) - 350 - (int)point);
        REQUIRE(reads_well(text));
    }
    memset(text, '9', 5000);
    text[5000] = 0;
    CHECK(reads_well(text)); /* too large */
    memcpy(text + 5000, "e-5000", 7);
    CHECK(reads_well(text));
    memset(text, '0', 5000);
    text[1] = '.';
    memcpy(text + 4990, "1e4989", 7);
    CHECK(reads_well(text));
    memcpy(text + 4990, "25e4666", 8);
    CHECK(reads_well(text));
}

#if LDBL_MANT_DIG > DBL_MANT_DIG
/* The middle between a double and the next, and a hair beside it: exact texts of up to 770 digits. */
static int decides_middle(double value)
{
    static char text[1400];
    double next = nextafter(value, INFINITY), result = 0;
    if (isinf(next))
        return 1;
    double even = to_bits(value) & 1 ? next : value;
    int n = snprintf(text, sizeof text, "%.*Le", 800, ((long double)value + (long double)next) / 2);
    char *e = strchr(text, 'e'), exponent[16];
    memcpy(exponent, e, (size_t)(text + n - e) + 1);
    while (e[-1] == '0')
        e--;
    strcpy(e, exponent);
    int good = CHECK_EQ(read_text(text, strlen(text), &result), 1) && CHECK(result == even);
    memset(e, '0', 300);
    e[300] = '1';
    strcpy(e + 301, exponent);
    good = good && CHECK_EQ(read_text(text, strlen(text), &result), 1) && CHECK(result == next);
    e[-1]--; /* its last digit is 5 */
    memset(e, '9', 300);
    good = good && CHECK_EQ(read_text(text, strlen(text), &result), 1) && CHECK(result == value);
    if (!good)
        printf("    after %a\n", value);
    return good;
}

static void test_read_middles(void)
{
    uint64_t state = 8;
    for (int i = 0; i < 3000; i++) {
        REQUIRE(decides_middle(fabs(random_finite(&state))));
        REQUIRE(decides_middle((double)(qr_test_random(&state) >> 11) * 0x1p-50));
        REQUIRE(decides_middle((double)(qr_test_random(&state) | (uint64_t)1 << 63)));
        REQUIRE(decides_middle(from_bits(qr_test_random(&state) >> (12 + i % 40))));
    }
    for (int e = -1074; e < 1024; e++) {
        REQUIRE(decides_middle(ldexp(1, e)));
        REQUIRE(decides_middle(nextafter(ldexp(1, e), 0)));
    }
    REQUIRE(decides_middle(0.0));
    REQUIRE(decides_middle(nextafter(DBL_MAX, 0)));
}
#else
static void test_read_middles(void)
{
    CHECK(reads_well("9007199254740993"));
}
#endif

static void test_from_decimal(void)
{
    uint64_t state = 9;
    int undecided = 0;
    for (int i = 0; i < RANDOM_ROUNDS; i++) {
        uint64_t digits = qr_test_random(&state) >> (i & 63);
        int exponent = i & 1 ? (int)(qr_test_random(&state) % 60) - 40 : (int)(qr_test_random(&state) % 690) - 370;
        double value = 42, expected = read_by_library(digits, exponent);
        int result = qr_float64_from_decimal(digits, exponent, &value);
        if (result == 0) {
            CHECK(value == 42);
            undecided += !isinf(expected);
            continue;
        }
        REQUIRE(CHECK_EQ(result, 1));
        if (!CHECK(to_bits(value) == to_bits(expected))) {
            printf("    %" PRIu64 "e%d as %a, not %a\n", digits, exponent, value, expected);
            return;
        }
    }
    CHECK(undecided <= RANDOM_ROUNDS / 1000);
}

static void test_from_decimal_takes_any_arguments(void)
{
    static const int64_t exponents[] = {INT64_MIN, INT64_MIN + 1, INT64_MIN + 22, -400, -343, 400, INT64_MAX - 22, INT64_MAX - 1, INT64_MAX};
    static const uint64_t digits[] = {1, 9, UINT64_MAX};
    double value;
    for (size_t i = 0; i < QR_ARRAY_LENGTH(exponents); i++) {
        value = 42;
        CHECK_EQ(qr_float64_from_decimal(0, exponents[i], &value), 1);
        CHECK(to_bits(value) == 0);
        for (size_t k = 0; k < QR_ARRAY_LENGTH(digits); k++) {
            value = 42;
            CHECK_EQ(qr_float64_from_decimal(digits[k], exponents[i], &value), exponents[i] < 0);
            CHECK(value == (exponents[i] < 0 ? 0 : 42));
        }
    }
}

static void test_from_decimal_ties(void)
{
    /* A power of ten that is held exactly decides ties, too: half to even. */
    static const struct {
        uint64_t digits;
        int exponent;
        double value;
    } cases[] = {
        {9007199254740993, 0, 9007199254740992.0},      {9007199254740995, 0, 9007199254740996.0},
        {18014398509481990, 0, 18014398509481992.0},    {18014398509481986, 0, 18014398509481984.0},
        {(uint64_t)0xFFFFFFFFFFFFFC00, 0, 0x1p64},      {(uint64_t)0xFFFFFFFFFFFFFBFF, 0, 0x1.fffffffffffffp63},
        {UINT64_MAX, 0, 0x1p64},                        {(uint64_t)1 << 63 | 1 << 10, 0, 0x1p63},
        {((uint64_t)1 << 63 | 1 << 10) + 1, 0, 0x1.0000000000001p63},
    };
    for (size_t i = 0; i < QR_ARRAY_LENGTH(cases); i++) {
        double value = 42;
        CHECK_EQ(qr_float64_from_decimal(cases[i].digits, cases[i].exponent, &value), 1);
        CHECK(value == cases[i].value);
    }
}

TEST_MAIN(TEST(test_write_known), TEST(test_write_powers_of_two), TEST(test_write_powers_of_ten), TEST(test_write_random),
          TEST(test_write_stays_in_its_room), TEST(test_read_known), TEST(test_read_overflow), TEST(test_read_refuses), TEST(test_read_random),
          TEST(test_read_long), TEST(test_read_middles), TEST(test_from_decimal), TEST(test_from_decimal_takes_any_arguments),
          TEST(test_from_decimal_ties))

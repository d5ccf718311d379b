/* SPDX-License-Identifier: Apache-2.0 */
/* Writing follows R. Giulietti, "The Schubfach way to render doubles" (2020); reading follows D. Lemire, "Number
 * parsing at a gigabyte per second" (2021), after M. Eisel, and ends in big integers where 128 bits cannot tell.
 *
 * Both scale by a power of ten from one table. Its entries are rounded up, so each product below is known to within
 * less than one unit of its last place; whatever lies that near to a decision is decided exactly by a slower path.
 * tools/make_float64_table.py proves the constants and bounds that are stated here without proof. */
#include "core/base/float64.h"

#include "core/base/integer.h"

#include "core/base/float64_table.h"

#if defined(__SSE2__) && !defined(QR_FLOAT64_SCALAR)
#define VECTORS 1
#include <emmintrin.h>
#else
#define VECTORS 0
#endif

__extension__ typedef unsigned __int128 uint128;

enum { FRACTION_BITS = 52, BIAS = 1023, UNIT_BIAS = BIAS + FRACTION_BITS, EXPONENT_TOP = 2047 };
#define HIDDEN_BIT ((uint64_t)1 << FRACTION_BITS)

const double qr_float64_exact_powers[23] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                            1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static inline uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, 8);
    return bits;
}

static inline double double_of(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, 8);
    return value;
}

/* Exact for every exponent of a double and every k of the table. */
static inline int floor_log10_of_pow2(int q) { return (q * 315653) >> 20; }
static inline int floor_log10_of_three_quarters_pow2(int q) { return (q * 631305 - 261663) >> 21; }
static inline int floor_log2_of_pow10(int k) { return (k * 1741647) >> 19; }
static inline const uint64_t *power_of_ten(int k) { return qr_float64_powers[k - QR_FLOAT64_POWER_MIN]; }

/* ---- writing ---- */

/* digits * 10^exponent; 16 or 17 digits, trailing zeros included. */
typedef struct decimal {
    uint64_t digits;
    int exponent;
} decimal;

/* 2 * m * 2^q * 10^-k rounded down to an even number, plus 1 if that was inexact ("rounded to odd"), where h places the
 * point of the product. Such a number is an integer or further than 2^-66 from one, and the table adds less than 2^-69. */
static uint64_t scale_to_odd(uint64_t m, const uint64_t *power, int h)
{
    uint128 low = (uint128)(m << h) * power[1], high = (uint128)(m << h) * power[0] + (uint64_t)(low >> 64);
    return (uint64_t)(high >> 64) << 1 | ((uint64_t)high != 0 || (uint64_t)low >> 62 != 0);
}

/* Schubfach proper, for a significand c and a unit 2^q; `irregular` says that the next smaller double is only half a
 * unit away. The bounds of the rounding interval belong to it when c is even. Everything is in eighths of 10^k. */
static QR_NOINLINE decimal shortest_exact(uint64_t c, int q, int irregular)
{
    int k = irregular ? floor_log10_of_three_quarters_pow2(q) : floor_log10_of_pow2(q);
    int h = q + floor_log2_of_pow10(-k) + 1;
    const uint64_t *power = power_of_ten(-k);
    uint64_t odd = c & 1;
    uint64_t lower = scale_to_odd(4 * c - (irregular ? 1 : 2), power, h) + odd;
    uint64_t value = scale_to_odd(4 * c, power, h);
    uint64_t upper = scale_to_odd(4 * c + 2, power, h) - odd;
    uint64_t whole = value >> 3, tens = whole / 10 * 10;
    int down = lower <= tens * 8, up = (tens + 10) * 8 <= upper;
    if (down != up) /* at most one multiple of ten lies in the interval, and it has a digit less */
        whole = down ? tens : tens + 10;
    else {
        down = lower <= whole * 8, up = (whole + 1) * 8 <= upper;
        if (down != up)
            whole += (uint64_t)up;
        else {
            uint64_t middle = whole * 8 + 4;
            whole += value > middle || (value == middle && (whole & 1));
        }
    }
    decimal result = {whole, k};
    for (; result.digits < 1000000000000000; result.exponent--) /* subnormals have fewer digits */
        result.digits *= 10;
    return result;
}

/* Sixteen digits as text. Eight at a time in the words of qr_integer_8_digits, or all at once in a vector. */
#if VECTORS
typedef __m128i sixteen;

/* The digits of two numbers below 10^8. */
static inline sixteen sixteen_of(uint32_t upper, uint32_t lower)
{
    /* Halve the number of digits in a lane three times, dividing by 10000, 100 and 10. */
    __m128i v = _mm_unpacklo_epi64(_mm_cvtsi32_si128((int)upper), _mm_cvtsi32_si128((int)lower));
    __m128i quotient = _mm_srli_epi64(_mm_mul_epu32(v, _mm_set1_epi64x(109951163)), 40);
    v = _mm_or_si128(quotient, _mm_slli_epi64(_mm_sub_epi32(v, _mm_mul_epu32(quotient, _mm_set1_epi64x(10000))), 32));
    quotient = _mm_srli_epi16(_mm_mulhi_epu16(v, _mm_set1_epi16(5243)), 3);
    v = _mm_or_si128(quotient, _mm_slli_epi32(_mm_sub_epi16(v, _mm_mullo_epi16(quotient, _mm_set1_epi16(100))), 16));
    quotient = _mm_mulhi_epu16(v, _mm_set1_epi16(6554));
    v = _mm_or_si128(quotient, _mm_slli_epi16(_mm_sub_epi16(v, _mm_mullo_epi16(quotient, _mm_set1_epi16(10))), 8));
    return _mm_or_si128(v, _mm_set1_epi8('0'));
}

/* How many are left without the zeros at the end. */
static inline int sixteen_count(sixteen self)
{
    unsigned above = (unsigned)_mm_movemask_epi8(_mm_cmpgt_epi8(self, _mm_set1_epi8('0')));
    return 31 - __builtin_clz(above * 2 + 1);
}

static inline void sixteen_put(uint8_t *out, sixteen self) { _mm_storeu_si128((__m128i *)out, self); }

/* With a '.' after the first `place` of them, 0 <= place <= 16: 17 bytes. */
static inline void sixteen_put_with_point(uint8_t *out, sixteen self, int place)
{
    const __m128i index = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    __m128i before = _mm_cmplt_epi8(index, _mm_set1_epi8((char)place));
    sixteen_put(out + 1, self);
    sixteen_put(out, _mm_or_si128(_mm_and_si128(before, self), _mm_andnot_si128(before, _mm_slli_si128(self, 1))));
    out[place] = '.';
}
#else
typedef struct sixteen {
    uint64_t words[2];
} sixteen;

static inline sixteen sixteen_of(uint32_t upper, uint32_t lower)
{
    return (sixteen){{qr_integer_8_digits(upper) | QR_ASCII_ZEROS, qr_integer_8_digits(lower) | QR_ASCII_ZEROS}};
}

static inline int sixteen_count(sixteen self)
{
    uint64_t upper = self.words[0] ^ QR_ASCII_ZEROS, lower = self.words[1] ^ QR_ASCII_ZEROS;
    if (lower)
        return 16 - (__builtin_clzll(lower) >> 3);
    return upper ? 8 - (__builtin_clzll(upper) >> 3) : 0;
}

static inline void sixteen_put(uint8_t *out, sixteen self) { memcpy(out, self.words, 16); }

/* The bytes from `place` on, 0 <= place < 8, one further up. */
static inline uint64_t opened(uint64_t word, int place)
{
    uint64_t before = ((uint64_t)1 << (8 * place)) - 1;
    return (word & before) | (word & ~before) << 8;
}

static inline void sixteen_put_with_point(uint8_t *out, sixteen self, int place)
{
    sixteen_put(out + 1, self);
    if (place < 8)
        qr_store64(out, opened(self.words[0], place));
    else {
        qr_store64(out, self.words[0]);
        qr_store64(out + 8, place < 16 ? opened(self.words[1], place - 8) : self.words[1]);
    }
    out[place] = '.';
}
#endif

/* 1.2345e-07, 1e+22: out of line, so that the other layouts need no saved registers. */
static QR_NOINLINE uint8_t *put_scientific(uint8_t *out, sixteen rest, unsigned first, int count, int exponent)
{
    out[1] = (uint8_t)('0' + first);
    sixteen_put(out + 1 + (first != 0), rest);
    out[0] = out[1];
    out[1] = '.';
    out += count > 1 ? count + 1 : 1;
    *out++ = 'e';
    *out++ = exponent < 0 ? '-' : '+';
    unsigned size = (unsigned)(exponent < 0 ? -exponent : exponent);
    if (size >= 100) {
        *out++ = (uint8_t)('0' + size / 100);
        size %= 100;
    }
    memcpy(out, qr_integer_pairs + 2 * size, 2);
    return out + 2;
}

/* The text of digits * 10^exponent, 16 or 17 digits with the zeros at the end, as repr() lays it out. */
static inline uint8_t *put_decimal(uint8_t *out, uint64_t digits, int exponent)
{
    /* The first of seventeen digits, which may be 0, stands alone. */
    uint64_t upper = digits / 100000000, first = digits / 10000000000000000;
    sixteen rest = sixteen_of((uint32_t)(upper - first * 100000000), (uint32_t)(digits - upper * 100000000));
    int more = first != 0, count = more + sixteen_count(rest);
    int place = exponent + 16, point = place + more; /* the point is that far into `rest`, and into all digits */
    if (QR_LIKELY((unsigned)(point - 1) < 16)) {
        /* 12.345, 1200.0 */
        out[0] = (uint8_t)('0' + first);
        sixteen_put_with_point(out + more, rest, place);
        out[more + 17] = '0'; /* for place 16 */
        return out + (count > point + 1 ? count : point + 1) + 1;
    }
    if (point <= 0 && point > -4) {
        /* 0.00012345 */
        qr_store64(out, 0x3030303030302E30u); /* "0.000000" */
        out += 2 - point;
        out[0] = (uint8_t)('0' + first);
        sixteen_put(out + more, rest);
        return out + count;
    }
    return put_scientific(out, rest, (unsigned)first, count, point - 1);
}

/* The rest of qr_float64_write, after the sign. */
static QR_NOINLINE uint8_t *put_exact(uint8_t *out, double value)
{
    uint64_t bits = bits_of(value), fraction = bits & (HIDDEN_BIT - 1);
    int biased = (int)(bits >> FRACTION_BITS & EXPONENT_TOP);
    if (fraction == 0 && biased == 0) {
        memcpy(out, "0.0", 3);
        return out + 3;
    }
    decimal found = biased ? shortest_exact(fraction | HIDDEN_BIT, biased - UNIT_BIAS, fraction == 0 && biased > 1)
                           : shortest_exact(fraction, 1 - UNIT_BIAS, 0);
    return put_decimal(out, found.digits, found.exponent);
}

/* For nearly all doubles two multiplications are enough: x = c * 2^q * 10^-k as a fixed-point number. k is such that the
 * rounding interval, w = 2^q * 10^-k wide, has 1 <= w < 10: the integer nearest to x lies in it, and at most one
 * multiple of ten. Comparisons nearer than the fixed-point numbers are known, and ties, are left to shortest_exact; x is
 * too large by less than 2^-71, but unless it is an integer or a tie it is further than that from either. */
uint8_t *qr_float64_write(uint8_t *out, double value)
{
    uint64_t bits = bits_of(value), fraction = bits & (HIDDEN_BIT - 1), c = fraction | HIDDEN_BIT;
    int biased = (int)(bits >> FRACTION_BITS & EXPONENT_TOP), q = biased - UNIT_BIAS;
    out[0] = '-';
    out += bits >> 63;
    if (QR_UNLIKELY(biased == 0 || fraction == 0))
        return put_exact(out, value);

    int k = floor_log10_of_pow2(q), h = q + floor_log2_of_pow10(-k) + 1;
    const uint64_t *power = power_of_ten(-k);
    uint128 x = (uint128)(c << h) * power[0] + (uint64_t)((uint128)(c << h) * power[1] >> 64);
    uint64_t whole = (uint64_t)(x >> 64), part = (uint64_t)x, tens = whole / 10 * 10;
    /* From the multiple of ten below x, and half of w: with 60 bits after the point, each less than one unit off. */
    uint64_t distance = (whole - tens) << 60 | part >> 4, half = power[0] >> (5 - h), ten = (uint64_t)10 << 60;
    if (QR_UNLIKELY(distance - half + 2 <= 4 || distance + half - ten + 2 <= 4 || part == (uint64_t)1 << 63))
        return put_exact(out, value);
    uint64_t digits = whole + (part >> 63);
    digits = distance < half ? tens : digits;
    digits = distance + half > ten ? tens + 10 : digits;
    return put_decimal(out, digits, k);
}

/* ---- reading ---- */

/* The upper 128 of the 192 bits of w * 10^exponent's entry, and in *rest the lower 64; the entry being rounded up, the
 * true product is at most this and larger than this minus 2^64 (in units of *rest). */
static inline uint128 scaled_product(uint64_t w, int exponent, uint64_t *rest)
{
    const uint64_t *power = power_of_ten(exponent);
    uint128 low = (uint128)w * power[1];
    *rest = (uint64_t)low;
    return (uint128)w * power[0] + (uint64_t)(low >> 64);
}

/* How a product becomes a double. */
typedef struct placed {
    int drop;   /* how many bits of the product's upper word lie below the significand; 64 or more for tiny subnormals */
    int biased; /* the exponent field; 0: subnormal */
} placed;

/* The place for a product with the upper word `high`, whose w is digits << zeros with the top bit set. */
static inline placed place(uint64_t high, int exponent10, int zeros)
{
    int top = (int)(high >> 63), biased = floor_log2_of_pow10(exponent10) - zeros + 63 + top + BIAS;
    placed at = {10 + top, biased};
    if (QR_UNLIKELY(biased <= 0))
        at = (placed){10 + top + 1 - biased, 0};
    return at;
}

/* The bits of a double from its significand (hidden bit included, if it has one) and exponent field; a significand that
 * rounding carried to 2^53 (or from the subnormals to 2^52) comes out right because the carry moves into the exponent. */
static inline uint64_t assemble(uint64_t significand, int biased)
{
    return biased ? ((uint64_t)(biased - 1) << FRACTION_BITS) + significand : significand;
}

/* What from_large does not decide at first sight: all 192 bits, and subnormals. */
static QR_NOINLINE int from_large_carefully(uint64_t w, int exponent10, int zeros, double *value)
{
    uint64_t rest;
    uint128 product = scaled_product(w, exponent10, &rest);
    placed at = place((uint64_t)(product >> 64), exponent10, zeros);
    if (at.biased >= EXPONENT_TOP)
        return 0;
    int half_bit = 64 + at.drop - 1; /* of the product */
    if (half_bit > 127) { /* at most half of the least subnormal */
        *value = 0;
        return 1;
    }
    uint128 most = ((uint128)1 << half_bit) - 1, below = product & most;
    uint64_t significand = (uint64_t)(product >> half_bit), half = significand & 1;
    significand >>= 1;
    if (exponent10 >= 0 && exponent10 <= 55) /* the product is exact */
        significand += half && (below != 0 || rest != 0 || (significand & 1));
    else if (below == (half ? 0 : most))
        return 0; /* the true product may lie on the other side of the half */
    else
        significand += half;
    uint64_t bits = assemble(significand, at.biased);
    if (bits >> FRACTION_BITS >= EXPONENT_TOP)
        return 0;
    *value = double_of(bits);
    return 1;
}

int qr_float64_from_large(uint64_t digits, int64_t exponent10, double *value)
{
    if (digits == 0 || exponent10 < QR_FLOAT64_POWER_MIN) { /* less than 2^64 * 10^-343 */
        *value = 0;
        return 1;
    }
    if (exponent10 > 308)
        return 0;
    int zeros = __builtin_clzll(digits), exponent = (int)exponent10;
    uint64_t w = digits << zeros;
    /* The table's low words can only add to the lower word of this product, and their rounding can only take 1 from it:
     * unless that could carry or borrow through the nine lowest bits of the upper word, the bits above stand. */
    uint128 product = (uint128)w * power_of_ten(exponent)[0];
    uint64_t high = (uint64_t)(product >> 64);
    placed at = place(high, exponent, zeros);
    if (QR_UNLIKELY(((high + 1) & 0x1FF) <= 1 || at.biased <= 0 || at.biased >= EXPONENT_TOP - 1))
        return from_large_carefully(w, exponent, zeros, value);
    uint64_t significand = ((high >> (at.drop - 1)) + 1) >> 1;
    *value = double_of(assemble(significand, at.biased));
    return 1;
}

/* ---- reading, the exact way ---- */

/* A text has significant digits d (zeros before them and after them are not counted), of which at most DIGITS_KEPT are
 * used: doubles and the middles between them have at most 767 significant digits, so what follows the kept digits only
 * matters as "and a bit more", for which one more digit 1 stands.
 *
 * Sizes: values outside 10^-325..10^310 are decided before. Without a power of ten in the denominator both sides of
 * the comparison stay below 2^1100; with 5^e as denominator, e <= 324 + DIGITS_KEPT + 1, the sides are about equal and
 * one of them is at most 5^e * 2^54 < 2^2670. LIMBS leaves room to spare. */
enum { DIGITS_KEPT = 800, LIMBS = 48 };

typedef struct big {
    size_t length; /* limbs in use; the top one is not 0 */
    uint64_t limbs[LIMBS];
} big;

/* self = self * factor + addend. A limb beyond the room (which the sizes above exclude) is dropped. */
static void big_multiply_add(big *self, uint64_t factor, uint64_t addend)
{
    for (size_t i = 0; i < self->length; i++) {
        uint128 sum = (uint128)self->limbs[i] * factor + addend;
        self->limbs[i] = (uint64_t)sum;
        addend = (uint64_t)(sum >> 64);
    }
    if (addend && self->length < LIMBS)
        self->limbs[self->length++] = addend;
}

static void big_multiply_by_power_of_5(big *self, unsigned exponent)
{
    const uint64_t five_27 = 7450580596923828125u;
    for (; exponent >= 27; exponent -= 27)
        big_multiply_add(self, five_27, 0);
    uint64_t factor = 1;
    for (; exponent > 0; exponent--)
        factor *= 5;
    big_multiply_add(self, factor, 0);
}

static void big_shift_left(big *self, unsigned bits)
{
    size_t limbs = bits / 64;
    big_multiply_add(self, (uint64_t)1 << (bits % 64), 0);
    if (self->length == 0 || self->length + limbs > LIMBS)
        return;
    memmove(self->limbs + limbs, self->limbs, self->length * sizeof(uint64_t));
    memset(self->limbs, 0, limbs * sizeof(uint64_t));
    self->length += limbs;
}

static int big_compare(const big *a, const big *b)
{
    if (a->length != b->length)
        return a->length < b->length ? -1 : 1;
    for (size_t i = a->length; i-- > 0;)
        if (a->limbs[i] != b->limbs[i])
            return a->limbs[i] < b->limbs[i] ? -1 : 1;
    return 0;
}

/* A number's text taken apart. The value is 0.d1d2d3... * 10^point, d1 not 0. */
typedef struct number_text {
    const uint8_t *digits, *digits_end; /* from the first significant digit to the last, with perhaps the '.' between */
    int64_t point;
    int negative, truncated; /* truncated: `leading` does not hold all significant digits */
    int leading_count;
    uint64_t leading; /* the first 19 significant digits */
} number_text;

/* The decimal digits of the number as one big integer; returns how many. */
static int big_from_digits(big *self, const number_text *text)
{
    int count = 0, pending = 0;
    uint64_t chunk = 0, scale = 1;
    const uint8_t *p = text->digits;
    self->length = 0;
    for (; p < text->digits_end && count < DIGITS_KEPT; p++) {
        if (*p == '.')
            continue;
        chunk = chunk * 10 + (uint64_t)(*p - '0');
        scale *= 10;
        count++;
        if (++pending == 18) {
            big_multiply_add(self, scale, chunk);
            chunk = 0, scale = 1, pending = 0;
        }
    }
    if (p < text->digits_end) { /* the last digit is not 0, so a bit is left */
        chunk = chunk * 10 + 1;
        scale *= 10;
        count++;
    }
    big_multiply_add(self, scale, chunk);
    return count;
}

/* Decides between the double `bits` (not negative) and the next larger one: the number lies between them, or beside
 * that by far less than half a unit. */
static uint64_t decide(const number_text *text, uint64_t bits)
{
    big number, middle = {.length = 1};
    int exponent10 = (int)text->point - big_from_digits(&number, text);
    int biased = (int)(bits >> FRACTION_BITS);
    uint64_t significand = (bits & (HIDDEN_BIT - 1)) | (biased ? HIDDEN_BIT : 0);
    /* number * 10^exponent10 against (2 * significand + 1) * 2^exponent2, with only powers of two left below. */
    int exponent2 = (biased ? biased : 1) - UNIT_BIAS - 1;
    middle.limbs[0] = 2 * significand + 1;
    if (exponent10 >= 0)
        big_multiply_by_power_of_5(&number, (unsigned)exponent10);
    else
        big_multiply_by_power_of_5(&middle, (unsigned)-exponent10);
    if (exponent10 > exponent2)
        big_shift_left(&number, (unsigned)(exponent10 - exponent2));
    else
        big_shift_left(&middle, (unsigned)(exponent2 - exponent10));
    int order = big_compare(&number, &middle);
    return bits + (order > 0 || (order == 0 && (bits & 1)));
}

/* The magnitude of a number that is not 0, as the bits of a double. */
static uint64_t magnitude_of(const number_text *text)
{
    const uint64_t infinity = (uint64_t)EXPONENT_TOP << FRACTION_BITS;
    if (text->point > 309)
        return infinity;
    if (text->point < -323) /* below 10^-324, and half of the least subnormal is more than that */
        return 0;
    int exponent10 = (int)text->point - text->leading_count;
    double value, next;
    if (qr_float64_from_decimal(text->leading, exponent10, &value) &&
        (!text->truncated || (qr_float64_from_decimal(text->leading + 1, exponent10, &next) && value == next)))
        return bits_of(value);
    /* A double just below the number: the leading digits alone, cut off. */
    int zeros = __builtin_clzll(text->leading);
    uint64_t rest;
    uint128 product = scaled_product(text->leading << zeros, exponent10, &rest);
    placed at = place((uint64_t)(product >> 64), exponent10, zeros);
    if (at.biased >= EXPONENT_TOP)
        return infinity;
    return decide(text, assemble(at.drop < 64 ? (uint64_t)(product >> 64) >> at.drop : 0, at.biased));
}

static const uint8_t *skip_digits(const uint8_t *p, const uint8_t *end)
{
    while (end - p >= 8 && qr_integer_is_8_digits(p))
        p += 8;
    while (p < end && (unsigned)(*p - '0') <= 9)
        p++;
    return p;
}

/* The exponent after the 'e'; 0 when there is none. Held where adding a text's length to it cannot overflow. */
static int read_exponent(const uint8_t *p, const uint8_t *end, int64_t *exponent)
{
    const int64_t most = (int64_t)1 << 62;
    int negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    if (p == end || skip_digits(p, end) != end)
        return 0;
    int64_t sum = 0;
    for (; p < end; p++)
        sum = sum < most / 16 ? sum * 10 + (*p - '0') : most;
    *exponent = negative ? -sum : sum;
    return 1;
}

/* Takes a JSON number apart: 0 when it is none. A number that is 0 has no digits. */
static int take_apart(const uint8_t *p, const uint8_t *end, number_text *text)
{
    int64_t exponent = 0;
    *text = (number_text){.negative = p < end && *p == '-'};
    p += text->negative;
    const uint8_t *whole = p, *whole_end = skip_digits(p, end), *last = whole_end;
    if (whole_end == whole || (*whole == '0' && whole_end - whole > 1))
        return 0;
    if (last < end && *last == '.') {
        last = skip_digits(whole_end + 1, end);
        if (last == whole_end + 1)
            return 0;
    }
    if (last < end && ((*last | 0x20) != 'e' || !read_exponent(last + 1, end, &exponent)))
        return 0;

    const uint8_t *first = whole;
    while (first < last && (*first == '0' || *first == '.'))
        first++;
    while (last > first && (last[-1] == '0' || last[-1] == '.'))
        last--;
    text->digits = first;
    text->digits_end = last;
    text->point = exponent + (first < whole_end ? whole_end - first : -(first - whole_end - 1));
    for (; first < last && text->leading_count < 19; first++)
        if (*first != '.') {
            text->leading = text->leading * 10 + (uint64_t)(*first - '0');
            text->leading_count++;
        }
    text->truncated = first < last;
    return 1;
}

int qr_float64_read(const uint8_t *text, size_t length, double *value)
{
    number_text number;
    if (!take_apart(text, text + length, &number))
        return -1;
    uint64_t bits = number.leading_count ? magnitude_of(&number) : 0;
    *value = double_of(bits | (uint64_t)number.negative << 63);
    return bits >> FRACTION_BITS < EXPONENT_TOP;
}

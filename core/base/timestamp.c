/* SPDX-License-Identifier: Apache-2.0 */
/* timestamp: RFC 3339 (dates and times), RFC 9557 (the zone behind them), ISO 8601-1:2019 section 5.5.2 (durations),
 * the MessagePack specification ("Timestamp extension type"), and for the calendar H. Hinnant, "chrono-Compatible
 * Low-Level Date Algorithms" (days_from_civil, civil_from_days). */
#include "core/base/timestamp.h"

enum { DAY = 86400, MILLION = 1000000, BILLION = 1000000000, DAYS_MAX = 999999999 };

/* ---- reading ---- */

/* A cursor over the text. What is wrong is gathered in `wrong`, so that the digits of a date need no branch each. */
typedef struct scan {
    const uint8_t *p, *end;
    unsigned wrong, inexact;
} scan;

QR_INLINE size_t left(const scan *self) { return (size_t)(self->end - self->p); }
QR_INLINE int at(const scan *self, uint8_t c) { return self->p < self->end && *self->p == c; }

/* The callers have seen that the bytes are there. */
QR_INLINE unsigned two_digits(scan *self)
{
    unsigned high = (unsigned)self->p[0] - '0', low = (unsigned)self->p[1] - '0';
    self->wrong |= (unsigned)(high > 9) | (unsigned)(low > 9);
    self->p += 2;
    return high * 10 + low;
}
QR_INLINE void expect(scan *self, uint8_t c) { self->wrong |= *self->p++ != c; }

int qr_timestamp_days_in_month(int32_t year, unsigned month)
{
    int leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return month == 2 ? 28 + leap : 30 + (int)((month ^ month >> 3) & 1);
}

static int read_date(scan *self, qr_datetime *to)
{
    if (left(self) < 10)
        return 0;
    unsigned century = two_digits(self);
    to->year = (int32_t)(century * 100 + two_digits(self));
    expect(self, '-');
    unsigned month = two_digits(self);
    expect(self, '-');
    unsigned day = two_digits(self);
    if (self->wrong || to->year == 0 || month < 1 || month > 12 || day < 1 ||
        (int)day > qr_timestamp_days_in_month(to->year, month))
        return 0;
    to->month = (uint8_t)month;
    to->day = (uint8_t)day;
    to->has_date = 1;
    return 1;
}

/* [.f] as microseconds. */
static int read_fraction(scan *self, uint32_t *microseconds)
{
    *microseconds = 0;
    if (!at(self, '.'))
        return 1;
    self->p++;
    uint32_t nanoseconds = 0;
    unsigned digits = 0;
    for (; self->p < self->end && (uint8_t)(*self->p - '0') < 10; digits++, self->p++) {
        if (digits == 9)
            return 0;
        nanoseconds = nanoseconds * 10 + (uint32_t)(*self->p - '0');
    }
    if (digits == 0)
        return 0;
    for (; digits < 9; digits++)
        nanoseconds *= 10;
    self->inexact |= nanoseconds % 1000 != 0;
    *microseconds = nanoseconds / 1000;
    return 1;
}

static int read_offset(scan *self, qr_datetime *to)
{
    if (self->p == self->end)
        return 1;
    uint8_t sign = *self->p;
    if (sign == 'Z' || sign == 'z') {
        self->p++;
        to->has_offset = 1;
        return 1;
    }
    if ((sign != '+' && sign != '-') || left(self) < 6)
        return 0;
    self->p++;
    unsigned hours = two_digits(self);
    expect(self, ':');
    unsigned minutes = two_digits(self), seconds = 0;
    uint32_t microseconds = 0;
    if (at(self, ':') && left(self) >= 3) {
        self->p++;
        seconds = two_digits(self);
        if (!read_fraction(self, &microseconds))
            return 0;
    }
    if (self->wrong || hours > 23 || minutes > 59 || seconds > 59)
        return 0;
    int32_t offset = (int32_t)(hours * 3600 + minutes * 60 + seconds);
    to->offset = sign == '-' ? -offset : offset;
    to->offset_microsecond = sign == '-' ? -(int32_t)microseconds : (int32_t)microseconds;
    to->has_offset = 1;
    return 1;
}

static int read_time(scan *self, qr_datetime *to)
{
    if (left(self) < 8)
        return 0;
    unsigned hour = two_digits(self);
    expect(self, ':');
    unsigned minute = two_digits(self);
    expect(self, ':');
    unsigned second = two_digits(self);
    if (self->wrong || hour > 23 || minute > 59 || second > 59)
        return 0;
    to->hour = (uint8_t)hour;
    to->minute = (uint8_t)minute;
    to->second = (uint8_t)second;
    to->has_time = 1;
    return read_fraction(self, &to->microsecond) && read_offset(self, to);
}

QR_INLINE int starts_zone(uint8_t c) { return (uint8_t)((c | 0x20) - 'a') < 26 || c == '.' || c == '_'; }
QR_INLINE int continues_zone(uint8_t c) { return starts_zone(c) || (uint8_t)(c - '0') < 10 || c == '-' || c == '+'; }

/* RFC 9557: "[" ["!"] part *("/" part) "]", where no part is "." or "..": it may become the name of a file. */
static int read_zone(scan *self, qr_zone_name *zone)
{
    self->p++;
    if (at(self, '!'))
        self->p++;
    const uint8_t *name = self->p;
    for (;;) {
        const uint8_t *part = self->p;
        if (part == self->end || !starts_zone(*part))
            return 0;
        while (self->p < self->end && continues_zone(*self->p))
            self->p++;
        size_t length = (size_t)(self->p - part);
        if (length <= 2 && part[0] == '.' && part[length - 1] == '.')
            return 0;
        if (!at(self, '/'))
            break;
        self->p++;
    }
    if (!at(self, ']'))
        return 0;
    zone->name = name;
    zone->length = (size_t)(self->p++ - name);
    return 1;
}

QR_INLINE qr_timestamp_result result_of(const scan *self)
{ return self->wrong || self->p != self->end ? QR_TIMESTAMP_BAD : self->inexact ? QR_TIMESTAMP_INEXACT : QR_TIMESTAMP_OK; }

qr_timestamp_result qr_timestamp_read_datetime(const uint8_t *text, size_t n, qr_datetime *to, qr_zone_name *zone)
{
    *to = (qr_datetime){0};
    if (zone)
        *zone = (qr_zone_name){NULL, 0};
    if (n < 19)
        return QR_TIMESTAMP_BAD;
    scan self = {text, text + n, 0, 0};
    if (!read_date(&self, to))
        return QR_TIMESTAMP_BAD;
    uint8_t between = *self.p++;
    if (between != 'T' && between != 't' && between != ' ')
        return QR_TIMESTAMP_BAD;
    if (!read_time(&self, to))
        return QR_TIMESTAMP_BAD;
    if (zone && to->has_offset && at(&self, '[') && !read_zone(&self, zone))
        return QR_TIMESTAMP_BAD;
    return result_of(&self);
}

qr_timestamp_result qr_timestamp_read_date(const uint8_t *text, size_t n, qr_datetime *to)
{
    *to = (qr_datetime){0};
    if (n != 10)
        return QR_TIMESTAMP_BAD;
    scan self = {text, text + n, 0, 0};
    return read_date(&self, to) ? QR_TIMESTAMP_OK : QR_TIMESTAMP_BAD;
}

qr_timestamp_result qr_timestamp_read_time(const uint8_t *text, size_t n, qr_datetime *to)
{
    *to = (qr_datetime){0};
    if (n < 8)
        return QR_TIMESTAMP_BAD;
    scan self = {text, text + n, 0, 0};
    return read_time(&self, to) ? result_of(&self) : QR_TIMESTAMP_BAD;
}

/* ---- durations ---- */

/* More seconds than any duration has; few enough that five such numbers add up. */
static const uint64_t seconds_limit = (uint64_t)(DAYS_MAX + 1) * DAY;

/* Digits; a number from seconds_limit on becomes that. */
static int read_number(scan *self, uint64_t *number)
{
    const uint8_t *start = self->p;
    uint64_t n = 0;
    for (; self->p < self->end && (uint8_t)(*self->p - '0') < 10; self->p++) {
        n = n * 10 + (uint64_t)(*self->p - '0');
        n = n < seconds_limit ? n : seconds_limit;
    }
    *number = n;
    return self->p != start;
}

/* The components in the order they may have; each is `number of unit`, and T stands before the hours. */
static int read_components(scan *self, uint64_t *total, uint32_t *microseconds)
{
    static const struct {
        char unit;
        uint8_t in_time;
        uint32_t seconds;
    } units[] = {{'W', 0, 7 * DAY}, {'D', 0, DAY}, {'H', 1, 3600}, {'M', 1, 60}, {'S', 1, 1}};
    unsigned next = 0, in_time = 0, any = 0;
    while (self->p < self->end) {
        if (!in_time && at(self, 'T')) {
            self->p++;
            in_time = 1;
            any = 0;
            continue;
        }
        uint64_t number;
        const uint8_t *start = self->p;
        if (!read_number(self, &number) || !read_fraction(self, microseconds) || self->p == self->end)
            return 0;
        int fraction = memchr(start, '.', (size_t)(self->p - start)) != NULL;
        char unit = (char)*self->p++;
        while (next < QR_ARRAY_LENGTH(units) && (units[next].unit != unit || units[next].in_time != in_time))
            next++;
        if (next == QR_ARRAY_LENGTH(units) || (fraction && unit != 'S'))
            return 0;
        *total += number > seconds_limit / units[next].seconds ? seconds_limit : number * units[next].seconds;
        any = 1;
        next++;
        if (unit == 'W')
            return self->p == self->end;
    }
    return (int)any;
}

qr_timestamp_result qr_timestamp_read_duration(const uint8_t *text, size_t n, qr_duration *to)
{
    *to = (qr_duration){0, 0, 0};
    if (n < 3)
        return QR_TIMESTAMP_BAD;
    scan self = {text, text + n, 0, 0};
    int negative = *text == '-';
    self.p += negative;
    expect(&self, 'P');
    uint64_t total = 0;
    uint32_t microseconds = 0;
    if (self.wrong || !read_components(&self, &total, &microseconds))
        return QR_TIMESTAMP_BAD;
    int64_t seconds = (int64_t)total;
    if (negative) {
        seconds = -seconds - (microseconds != 0);
        microseconds = microseconds ? MILLION - microseconds : 0;
    }
    int64_t days = seconds / DAY, rest = seconds % DAY;
    if (rest < 0) {
        days--;
        rest += DAY;
    }
    if (days < -DAYS_MAX || days > DAYS_MAX)
        return QR_TIMESTAMP_RANGE;
    *to = (qr_duration){(int32_t)days, (int32_t)rest, (int32_t)microseconds};
    return self.inexact ? QR_TIMESTAMP_INEXACT : QR_TIMESTAMP_OK;
}

/* ---- writing ---- */

static uint8_t *write_two(uint8_t *to, unsigned number)
{
    to[0] = (uint8_t)('0' + number / 10);
    to[1] = (uint8_t)('0' + number % 10);
    return to + 2;
}

static uint8_t *write_pair(uint8_t *to, unsigned number, char behind)
{
    to = write_two(to, number);
    *to = (uint8_t)behind;
    return to + 1;
}

/* .ffffff */
static uint8_t *write_fraction(uint8_t *to, uint32_t microseconds)
{
    *to++ = '.';
    to = write_two(to, microseconds / 10000);
    to = write_two(to, microseconds / 100 % 100);
    return write_two(to, microseconds % 100);
}

static uint8_t *write_clock(uint8_t *to, uint32_t seconds, uint32_t microseconds)
{
    to = write_pair(to, seconds / 3600, ':');
    to = write_pair(to, seconds / 60 % 60, ':');
    to = write_two(to, seconds % 60);
    return microseconds ? write_fraction(to, microseconds) : to;
}

uint8_t *qr_timestamp_write_date(uint8_t *to, const qr_datetime *from)
{
    unsigned year = (unsigned)from->year;
    to = write_pair(write_two(to, year / 100), year % 100, '-');
    return write_two(write_pair(to, from->month, '-'), from->day);
}

uint8_t *qr_timestamp_write_time(uint8_t *to, const qr_datetime *from)
{
    to = write_clock(to, from->hour * 3600u + from->minute * 60u + from->second, from->microsecond);
    if (!from->has_offset)
        return to;
    int32_t seconds = from->offset, microseconds = from->offset_microsecond;
    if (seconds == 0 && microseconds == 0) {
        *to = 'Z';
        return to + 1;
    }
    int negative = seconds < 0 || microseconds < 0;
    uint32_t offset = (uint32_t)(negative ? -seconds : seconds), rest = (uint32_t)(negative ? -microseconds : microseconds);
    *to++ = negative ? '-' : '+';
    uint8_t *end = write_clock(to, offset, rest);
    return offset % 60 || rest ? end : to + 5; /* without the seconds when there are none */
}

uint8_t *qr_timestamp_write_datetime(uint8_t *to, const qr_datetime *from)
{
    to = qr_timestamp_write_date(to, from);
    *to++ = 'T';
    return qr_timestamp_write_time(to, from);
}

static uint8_t *write_number(uint8_t *to, uint32_t number)
{
    uint8_t digits[10], *p = digits + sizeof digits;
    do
        *--p = (uint8_t)('0' + number % 10);
    while (number /= 10);
    size_t length = (size_t)(digits + sizeof digits - p);
    memcpy(to, p, length);
    return to + length;
}

static uint8_t *write_component(uint8_t *to, uint32_t number, char unit)
{
    if (number == 0)
        return to;
    to = write_number(to, number);
    *to = (uint8_t)unit;
    return to + 1;
}

uint8_t *qr_timestamp_write_duration(uint8_t *to, const qr_duration *from)
{
    int64_t total = (int64_t)from->days * DAY + from->seconds;
    uint32_t microseconds = (uint32_t)from->microseconds;
    if (total < 0) {
        *to++ = '-';
        total = -total - (microseconds != 0);
        microseconds = microseconds ? MILLION - microseconds : 0;
    }
    uint32_t seconds = (uint32_t)(total % DAY);
    *to++ = 'P';
    to = write_component(to, (uint32_t)(total / DAY), 'D');
    if (total != 0 && seconds == 0 && microseconds == 0)
        return to;
    *to++ = 'T';
    to = write_component(to, seconds / 3600, 'H');
    to = write_component(to, seconds / 60 % 60, 'M');
    seconds %= 60;
    if (microseconds) {
        to = write_fraction(write_number(to, seconds), microseconds);
        while (to[-1] == '0')
            to--;
        *to++ = 'S';
    } else if (seconds || total == 0) {
        to = write_number(to, seconds);
        *to++ = 'S';
    }
    return to;
}

/* ---- calendar and Unix time ---- */

/* Both count years from March, so that the leap day is the last of its year, and in eras of 400 years = 146097 days;
 * 719468 days lie between 0000-03-01 and 1970-01-01. */
int32_t qr_timestamp_days_from_civil(int32_t year, unsigned month, unsigned day)
{
    year -= month <= 2;
    int32_t era = (year >= 0 ? year : year - 399) / 400;
    uint32_t year_of_era = (uint32_t)(year - era * 400);
    uint32_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    uint32_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + (int32_t)day_of_era - 719468;
}

void qr_timestamp_civil_from_days(int32_t days, int32_t *year, unsigned *month, unsigned *day)
{
    days += 719468;
    int32_t era = (days >= 0 ? days : days - 146096) / 146097;
    uint32_t day_of_era = (uint32_t)(days - era * 146097);
    uint32_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    uint32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    uint32_t march_month = (5 * day_of_year + 2) / 153;
    *day = day_of_year - (153 * march_month + 2) / 5 + 1;
    *month = march_month < 10 ? march_month + 3 : march_month - 9;
    *year = (int32_t)year_of_era + era * 400 + (*month <= 2);
}

int64_t qr_timestamp_to_unix(const qr_datetime *from, uint32_t *nanoseconds)
{
    int64_t days = qr_timestamp_days_from_civil(from->year, from->month, from->day);
    int64_t seconds = days * DAY + from->hour * 3600 + from->minute * 60 + from->second;
    int32_t microseconds = (int32_t)from->microsecond;
    if (from->has_offset) {
        seconds -= from->offset;
        microseconds -= from->offset_microsecond;
        int32_t carry = microseconds < 0 ? -1 : microseconds >= MILLION;
        seconds += carry;
        microseconds -= carry * MILLION;
    }
    if (nanoseconds)
        *nanoseconds = (uint32_t)microseconds * 1000;
    return seconds;
}

qr_timestamp_result qr_timestamp_from_unix(int64_t seconds, uint32_t nanoseconds, qr_datetime *to)
{
    static const int64_t first = -62135596800, last = 253402300799; /* 0001-01-01T00:00:00Z, 9999-12-31T23:59:59Z */
    *to = (qr_datetime){0};
    if (nanoseconds >= BILLION)
        return QR_TIMESTAMP_BAD;
    if (seconds < first || seconds > last)
        return QR_TIMESTAMP_RANGE;
    uint64_t since_first = (uint64_t)(seconds - first);
    uint32_t clock = (uint32_t)(since_first % DAY);
    unsigned month, day;
    qr_timestamp_civil_from_days((int32_t)((int64_t)(since_first / DAY) + first / DAY), &to->year, &month, &day);
    to->month = (uint8_t)month;
    to->day = (uint8_t)day;
    to->hour = (uint8_t)(clock / 3600);
    to->minute = (uint8_t)(clock / 60 % 60);
    to->second = (uint8_t)(clock % 60);
    to->microsecond = nanoseconds / 1000;
    to->has_date = to->has_time = to->has_offset = 1;
    return nanoseconds % 1000 ? QR_TIMESTAMP_INEXACT : QR_TIMESTAMP_OK;
}

/* ---- MessagePack ---- */

int qr_timestamp_read_ext(const uint8_t *p, size_t n, int64_t *seconds, uint32_t *nanoseconds)
{
    uint32_t rest = 0;
    if (n == 4) {
        *seconds = qr_load32_be(p);
    } else if (n == 8) {
        uint64_t both = qr_load64_be(p);
        rest = (uint32_t)(both >> 34);
        *seconds = (int64_t)(both & (((uint64_t)1 << 34) - 1));
    } else if (n == 12) {
        rest = qr_load32_be(p);
        *seconds = (int64_t)qr_load64_be(p + 4);
    } else {
        return 0;
    }
    *nanoseconds = rest;
    return rest < BILLION;
}

size_t qr_timestamp_write_ext(uint8_t *to, int64_t seconds, uint32_t nanoseconds)
{
    if (seconds < 0 || seconds >> 34) {
        qr_store32_be(to, nanoseconds);
        qr_store64_be(to + 4, (uint64_t)seconds);
        return 12;
    }
    uint64_t both = (uint64_t)nanoseconds << 34 | (uint64_t)seconds;
    if (both >> 32) {
        qr_store64_be(to, both);
        return 8;
    }
    qr_store32_be(to, (uint32_t)both);
    return 4;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* timestamp: dates, times and durations as text, as Unix time and as MessagePack's extension.
 *
 * Text is RFC 3339 (a profile of ISO 8601) for dates and times and ISO 8601 for durations, in the ranges that Python's
 * datetime types have: years 0001 to 9999, microseconds, an offset of less than a day, 999999999 days of duration.
 * Reading is strict and takes all of the n bytes or fails; second 60 and hour 24 are refused, as those types have none.
 *
 * Readers return a qr_timestamp_result. With QR_TIMESTAMP_INEXACT the result is filled in too, but with the digits
 * beyond the microsecond cut off: who calls decides whether that will do. With QR_TIMESTAMP_BAD and _RANGE it is garbage.
 * Writers need QR_TIMESTAMP_TEXT bytes of room and a value in range, and return the end. */
#ifndef QUIRE_CORE_BASE_TIMESTAMP_H
#define QUIRE_CORE_BASE_TIMESTAMP_H

#include "core/base/port.h"

typedef enum qr_timestamp_result {
    QR_TIMESTAMP_BAD,     /* not of the form, or no such day or time */
    QR_TIMESTAMP_OK,
    QR_TIMESTAMP_INEXACT, /* finer than a microsecond */
    QR_TIMESTAMP_RANGE    /* of the form, but beyond the years 0001 to 9999 or the longest duration */
} qr_timestamp_result;

enum { QR_TIMESTAMP_TEXT = 48, QR_TIMESTAMP_EXT = 12 };

typedef struct qr_datetime {
    int32_t year;
    uint8_t month, day, hour, minute, second; /* month and day from 1 */
    uint8_t has_date, has_time, has_offset;
    uint32_t microsecond;
    int32_t offset;             /* seconds east of UTC, with has_offset */
    int32_t offset_microsecond; /* what is left of it, of the same sign */
} qr_datetime;

/* As Python's timedelta has it: 0 <= seconds < 86400, 0 <= microseconds < 1000000, days of either sign. */
typedef struct qr_duration {
    int32_t days, seconds, microseconds;
} qr_duration;

/* The name of a time zone within the text that was read. */
typedef struct qr_zone_name {
    const uint8_t *name; /* NULL: none was given */
    size_t length;
} qr_zone_name;

/* ---- text ---- */

/* YYYY-MM-DD ('T' | 't' | ' ') HH:MM:SS[.f] [offset] [zone]; f is one to nine digits; offset is 'Z', 'z' or
 * (+|-)HH:MM[:SS[.f]]; zone is RFC 9557's [Area/City], only behind an offset, its critical flag '!' taken off, and
 * refused when zone is NULL. Other suffix tags are refused. */
qr_timestamp_result qr_timestamp_read_datetime(const uint8_t *text, size_t n, qr_datetime *to, qr_zone_name *zone);
qr_timestamp_result qr_timestamp_read_date(const uint8_t *text, size_t n, qr_datetime *to); /* YYYY-MM-DD */
qr_timestamp_result qr_timestamp_read_time(const uint8_t *text, size_t n, qr_datetime *to); /* HH:MM:SS[.f] [offset] */
/* [-]PnW or [-]P[nD][T[nH][nM][n[.f]S]], with at least one number, and one behind the T. */
qr_timestamp_result qr_timestamp_read_duration(const uint8_t *text, size_t n, qr_duration *to);

/* What Python's isoformat() writes, except that an offset of zero is 'Z'. */
uint8_t *qr_timestamp_write_datetime(uint8_t *to, const qr_datetime *from);
uint8_t *qr_timestamp_write_date(uint8_t *to, const qr_datetime *from);
uint8_t *qr_timestamp_write_time(uint8_t *to, const qr_datetime *from);
/* P1DT2H3M4.5S; zero is PT0S; the sign of a negative one stands before all of it. */
uint8_t *qr_timestamp_write_duration(uint8_t *to, const qr_duration *from);

/* ---- calendar and Unix time ---- */

int qr_timestamp_days_in_month(int32_t year, unsigned month); /* month 1 to 12 */
/* Days since 1970-01-01 in the proleptic Gregorian calendar, and back (for years 0001 to 9999). */
int32_t qr_timestamp_days_from_civil(int32_t year, unsigned month, unsigned day);
void qr_timestamp_civil_from_days(int32_t days, int32_t *year, unsigned *month, unsigned *day);

/* Seconds since 1970-01-01T00:00:00Z, rounded down; the rest goes to *nanoseconds (which may be NULL). Without an offset
 * the time is taken for UTC. */
int64_t qr_timestamp_to_unix(const qr_datetime *from, uint32_t *nanoseconds);
/* In UTC, with has_offset. BAD when nanoseconds are 1000000000 or more. */
qr_timestamp_result qr_timestamp_from_unix(int64_t seconds, uint32_t nanoseconds, qr_datetime *to);

/* ---- MessagePack's timestamp extension (type -1): the payload ---- */

/* n is 4, 8 or 12: 1, or 0 when it is another or the nanoseconds are 1000000000 or more. */
int qr_timestamp_read_ext(const uint8_t *p, size_t n, int64_t *seconds, uint32_t *nanoseconds);
/* The shortest of the three forms: how many of QR_TIMESTAMP_EXT bytes were written. nanoseconds must be below 1000000000. */
size_t qr_timestamp_write_ext(uint8_t *to, int64_t seconds, uint32_t nanoseconds);

#endif

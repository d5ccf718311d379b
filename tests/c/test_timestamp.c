/* SPDX-License-Identifier: Apache-2.0 */
/* Dates, times and durations: the examples of the specifications, what Python's types say of the same values, every day
 * of the calendar, and everything that is refused. Texts are copied to rooms of exactly their size. */
#include "core/base/timestamp.h"
#include "tests/c/quire_test.h"

static uint8_t *copy_of(const char *text, size_t n)
{
    uint8_t *copy = malloc(n ? n : 1);
    if (copy == NULL)
        exit(2);
    memcpy(copy, text, n);
    return copy;
}

static qr_timestamp_result read_datetime(const char *text, qr_datetime *to)
{
    uint8_t *copy = copy_of(text, strlen(text));
    qr_timestamp_result result = qr_timestamp_read_datetime(copy, strlen(text), to, NULL);
    free(copy);
    return result;
}
static qr_timestamp_result read_date(const char *text, qr_datetime *to)
{
    uint8_t *copy = copy_of(text, strlen(text));
    qr_timestamp_result result = qr_timestamp_read_date(copy, strlen(text), to);
    free(copy);
    return result;
}
static qr_timestamp_result read_time(const char *text, qr_datetime *to)
{
    uint8_t *copy = copy_of(text, strlen(text));
    qr_timestamp_result result = qr_timestamp_read_time(copy, strlen(text), to);
    free(copy);
    return result;
}
static qr_timestamp_result read_duration(const char *text, qr_duration *to)
{
    uint8_t *copy = copy_of(text, strlen(text));
    qr_timestamp_result result = qr_timestamp_read_duration(copy, strlen(text), to);
    free(copy);
    return result;
}

#define CHECK_RESULT(call, expected, text) \
    do {                                   \
        if (!CHECK_EQ(call, expected))     \
            printf("    %s\n", text);      \
    } while (0)

/* ---- dates and times ---- */

static void test_datetime_fields(void)
{
    qr_datetime d;
    CHECK_EQ(read_datetime("1985-04-12T23:20:50.52Z", &d), QR_TIMESTAMP_OK);
    CHECK(d.year == 1985 && d.month == 4 && d.day == 12 && d.hour == 23 && d.minute == 20 && d.second == 50 &&
          d.microsecond == 520000);
    CHECK(d.has_date && d.has_time && d.has_offset && d.offset == 0 && d.offset_microsecond == 0);
    CHECK_EQ(read_datetime("1996-12-19t16:39:57-08:00", &d), QR_TIMESTAMP_OK);
    CHECK(d.has_offset && d.offset == -8 * 3600 && d.microsecond == 0);
    CHECK_EQ(read_datetime("1937-01-01 12:00:27.87+00:20", &d), QR_TIMESTAMP_OK);
    CHECK(d.offset == 1200 && d.microsecond == 870000);
    CHECK_EQ(read_datetime("2024-02-29T00:00:00", &d), QR_TIMESTAMP_OK);
    CHECK(!d.has_offset && d.offset == 0);
    CHECK_EQ(read_datetime("2024-02-29T00:00:00z", &d), QR_TIMESTAMP_OK);
    CHECK(d.has_offset);
    CHECK_EQ(read_datetime("1900-01-01T00:00:00-00:25:21.000123", &d), QR_TIMESTAMP_OK);
    CHECK(d.offset == -1521 && d.offset_microsecond == -123);
    CHECK_EQ(read_datetime("1900-01-01T00:00:00.000001+23:59:59.999999", &d), QR_TIMESTAMP_OK);
    CHECK(d.offset == 86399 && d.offset_microsecond == 999999 && d.microsecond == 1);
    CHECK_EQ(read_datetime("1990-12-31T15:59:59-00:00", &d), QR_TIMESTAMP_OK);
    CHECK(d.has_offset && d.offset == 0);
    CHECK_EQ(read_date("9999-12-31", &d), QR_TIMESTAMP_OK);
    CHECK(d.year == 9999 && d.month == 12 && d.day == 31 && d.has_date && !d.has_time && !d.has_offset);
    CHECK_EQ(read_time("23:59:59.999999", &d), QR_TIMESTAMP_OK);
    CHECK(d.hour == 23 && d.minute == 59 && d.second == 59 && d.microsecond == 999999 && d.has_time && !d.has_date &&
          !d.has_offset);
    CHECK_EQ(read_time("00:00:00+05:30", &d), QR_TIMESTAMP_OK);
    CHECK(d.has_offset && d.offset == 19800);
}

static void test_fractions(void)
{
    static const struct {
        const char *text;
        qr_timestamp_result result;
        uint32_t microsecond;
    } cases[] = {
        {"00:00:00.1", QR_TIMESTAMP_OK, 100000},
        {"00:00:00.12", QR_TIMESTAMP_OK, 120000},
        {"00:00:00.123", QR_TIMESTAMP_OK, 123000},
        {"00:00:00.1234", QR_TIMESTAMP_OK, 123400},
        {"00:00:00.12345", QR_TIMESTAMP_OK, 123450},
        {"00:00:00.123456", QR_TIMESTAMP_OK, 123456},
        {"00:00:00.1234560", QR_TIMESTAMP_OK, 123456},
        {"00:00:00.123456000", QR_TIMESTAMP_OK, 123456},
        {"00:00:00.000000", QR_TIMESTAMP_OK, 0},
        {"00:00:00.1234567", QR_TIMESTAMP_INEXACT, 123456},
        {"00:00:00.000000001", QR_TIMESTAMP_INEXACT, 0},
        {"00:00:00.999999999Z", QR_TIMESTAMP_INEXACT, 999999},
        {"00:00:00.", QR_TIMESTAMP_BAD, 0},
        {"00:00:00.Z", QR_TIMESTAMP_BAD, 0},
        {"00:00:00,5", QR_TIMESTAMP_BAD, 0},
        {"00:00:00.1234567890", QR_TIMESTAMP_BAD, 0},
        {"00:00:00.0000000001", QR_TIMESTAMP_BAD, 0},
        {"00:00:00.1234567x", QR_TIMESTAMP_BAD, 0},
        {"00:00:00.-1", QR_TIMESTAMP_BAD, 0},
    };
    for (size_t i = 0; i < QR_ARRAY_LENGTH(cases); i++) {
        qr_datetime d;
        CHECK_RESULT(read_time(cases[i].text, &d), cases[i].result, cases[i].text);
        if (cases[i].result != QR_TIMESTAMP_BAD)
            CHECK_EQ(d.microsecond, cases[i].microsecond);
    }
    qr_datetime d;
    CHECK_EQ(read_datetime("2000-01-01T00:00:00.1234567", &d), QR_TIMESTAMP_INEXACT);
    CHECK_EQ(read_datetime("2000-01-01T00:00:00+00:00:00.1234567", &d), QR_TIMESTAMP_INEXACT);
}

static void test_datetime_refused(void)
{
    static const char *const texts[] = {
        "",
        "2000",
        "2000-01-01",
        "2000-01-01T",
        "2000-01-01T00:00",
        "2000-01-01T00:00Z",
        "2000-01-01T00:00:0",
        "2000-01-01X00:00:00",
        "2000-01-01  00:00:00",
        "0000-01-01T00:00:00",
        "2000-00-01T00:00:00",
        "2000-13-01T00:00:00",
        "2000-01-00T00:00:00",
        "2000-01-32T00:00:00",
        "2001-02-29T00:00:00",
        "1900-02-29T00:00:00",
        "2000-02-30T00:00:00",
        "2000-04-31T00:00:00",
        "2000-06-31T00:00:00",
        "2000-09-31T00:00:00",
        "2000-11-31T00:00:00",
        "2000-01-01T24:00:00",
        "2000-01-01T00:60:00",
        "2000-01-01T00:00:60",
        "2016-12-31T23:59:60Z",
        "2000-01-01T00:00:00 Z",
        "2000-01-01T00:00:00Z ",
        " 2000-01-01T00:00:00",
        "2000-01-01T00:00:00+00",
        "2000-01-01T00:00:00+0000",
        "2000-01-01T00:00:00+00:0",
        "2000-01-01T00:00:00+24:00",
        "2000-01-01T00:00:00+00:60",
        "2000-01-01T00:00:00+00:00:60",
        "2000-01-01T00:00:00+00:00:",
        "2000-01-01T00:00:00+00:00:0",
        "2000-01-01T00:00:00+00:00.5",
        "2000-01-01T00:00:00Z+00:00",
        "2000-01-01T00:00:00ZZ",
        "2000-01-01T00:00:00UTC",
        "20000101T000000Z",
        "2000-1-1T00:00:00",
        "+2000-01-01T00:00:00",
        "12000-01-01T00:00:00",
        "2000/01/01T00:00:00",
        "2000-01-01T00.00.00",
        "2000-W01-1T00:00:00",
        "2000-001T00:00:000",
        "2000-01-01T0a:00:00",
        "2000-01-01T00:00:/0",
        "2000-01-01T00:00:00[Europe/Paris]",
        "2000-01-01T00:00:00Z[Europe/Paris]",
        "2000-01-01T-1:00:00",
        "-200-01-01T00:00:00",
        "2000-01-01T00:00:00+-1:00",
        "\xD9\xA2\xD9\xA0-01-01T00:00:00",
        ("2000-01-01T00:00:00\xE2\x88\x92"
         "05:00"),
    };
    qr_datetime d;
    for (size_t i = 0; i < QR_ARRAY_LENGTH(texts); i++)
        CHECK_RESULT(read_datetime(texts[i], &d), QR_TIMESTAMP_BAD, texts[i]);
    static const char *const dates[] = {"",           "2000-01-1",  "2000-01-011", "2000-01-01T", "2000-02-30",
                                        "0000-01-01", "2000.01.01", "2000-1-01",   "20000-1-01"};
    for (size_t i = 0; i < QR_ARRAY_LENGTH(dates); i++)
        CHECK_RESULT(read_date(dates[i], &d), QR_TIMESTAMP_BAD, dates[i]);
    static const char *const times[] = {"",         "0:00:00",   "00:00",         "T00:00:00",     "24:00:00",
                                        "23:59:60", "00:00:00X", "00:00:00+1:00", "00:00:00Z[UTC]"};
    for (size_t i = 0; i < QR_ARRAY_LENGTH(times); i++)
        CHECK_RESULT(read_time(times[i], &d), QR_TIMESTAMP_BAD, times[i]);
    CHECK_EQ(qr_timestamp_read_datetime(NULL, 0, &d, NULL), QR_TIMESTAMP_BAD);
    CHECK_EQ(qr_timestamp_read_date(NULL, 0, &d), QR_TIMESTAMP_BAD);
    CHECK_EQ(qr_timestamp_read_time(NULL, 0, &d), QR_TIMESTAMP_BAD);
}

/* Cut anywhere, or with any byte changed to anything, a text is read without a step beyond it, and what is read back
 * writes to the same text again (but for the spellings that have two). */
static void test_datetime_damaged(void)
{
    static const char base[] = "2024-02-29T23:59:58.123456-11:30:15.200001";
    size_t n = strlen(base);
    qr_datetime d;
    qr_zone_name zone;
    for (size_t length = 0; length <= n; length++) {
        uint8_t *copy = copy_of(base, length);
        int whole = length == 19 || (length >= 21 && length <= 26) || length == 32 || length == 35 || length >= 37;
        CHECK_EQ(qr_timestamp_read_datetime(copy, length, &d, &zone) == QR_TIMESTAMP_OK, whole);
        free(copy);
    }
    for (size_t at = 0; at < n; at++)
        for (int c = 0; c < 256; c++) {
            char text[64] = {0};
            memcpy(text, base, n);
            text[at] = (char)c;
            uint8_t *copy = copy_of(text, n), back[QR_TIMESTAMP_TEXT];
            if (qr_timestamp_read_datetime(copy, n, &d, NULL) == QR_TIMESTAMP_OK) {
                size_t length = (size_t)(qr_timestamp_write_datetime(back, &d) - back);
                if (at == 10)
                    text[10] = 'T';
                CHECK_BYTES_EQ(back, length, text, n);
            }
            free(copy);
        }
}

static void test_zones(void)
{
    static const struct {
        const char *text, *zone;
    } cases[] = {
        {"2022-07-08T00:14:07+01:00[Europe/Paris]", "Europe/Paris"},
        {"2022-07-08T00:14:07+01:00[!Europe/Paris]", "Europe/Paris"},
        {"2022-07-08T00:14:07Z[UTC]", "UTC"},
        {"2022-07-08T00:14:07.5-05:00[America/Indiana/Knox]", "America/Indiana/Knox"},
        {"2022-07-08T00:14:07-08:00[Etc/GMT+8]", "Etc/GMT+8"},
        {"2022-07-08T00:14:07Z[_a.b-c]", "_a.b-c"},
        {"2022-07-08T00:14:07Z[.../x]", ".../x"},
        {"2022-07-08T00:14:07Z", NULL},
    };
    static const char *const refused[] = {
        "2022-07-08T00:14:07[Europe/Paris]",
        "2022-07-08T00:14:07Z[]",
        "2022-07-08T00:14:07Z[",
        "2022-07-08T00:14:07Z[!",
        "2022-07-08T00:14:07Z[!]",
        "2022-07-08T00:14:07Z[Europe/Paris",
        "2022-07-08T00:14:07Z[Europe/]",
        "2022-07-08T00:14:07Z[/Paris]",
        "2022-07-08T00:14:07Z[Europe//Paris]",
        "2022-07-08T00:14:07Z[../x]",
        "2022-07-08T00:14:07Z[x/..]",
        "2022-07-08T00:14:07Z[.]",
        "2022-07-08T00:14:07Z[x/./y]",
        "2022-07-08T00:14:07Z[UTC]x",
        "2022-07-08T00:14:07Z[UTC][u-ca=gregory]",
        "2022-07-08T00:14:07Z[u-ca=gregory]",
        "2022-07-08T00:14:07Z[+01:00]",
        "2022-07-08T00:14:07Z[1a]",
        "2022-07-08T00:14:07Z [UTC]",
        "2022-07-08T00:14:07Z[U C]",
        "2022-07-08T00:14:07Z[\xC3\xA9]",
    };
    qr_datetime d;
    qr_zone_name zone;
    for (size_t i = 0; i < QR_ARRAY_LENGTH(cases); i++) {
        size_t n = strlen(cases[i].text);
        uint8_t *copy = copy_of(cases[i].text, n);
        CHECK_RESULT(qr_timestamp_read_datetime(copy, n, &d, &zone), QR_TIMESTAMP_OK, cases[i].text);
        if (cases[i].zone)
            CHECK_BYTES_EQ(zone.name, zone.length, cases[i].zone, strlen(cases[i].zone));
        else
            CHECK(zone.name == NULL && zone.length == 0);
        free(copy);
    }
    for (size_t i = 0; i < QR_ARRAY_LENGTH(refused); i++) {
        size_t n = strlen(refused[i]);
        uint8_t *copy = copy_of(refused[i], n);
        CHECK_RESULT(qr_timestamp_read_datetime(copy, n, &d, &zone), QR_TIMESTAMP_BAD, refused[i]);
        free(copy);
    }
}

static void test_datetime_written(void)
{
    /* read, written */
    static const char *const cases[][2] = {
        {"0001-01-01T00:00:00", "0001-01-01T00:00:00"},
        {"9999-12-31 23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"},
        {"2024-05-06t07:08:09.5+00:00", "2024-05-06T07:08:09.500000Z"},
        {"2024-05-06T07:08:09.000010-00:00", "2024-05-06T07:08:09.000010Z"},
        {"2024-05-06T07:08:09+05:30", "2024-05-06T07:08:09+05:30"},
        {"2024-05-06T07:08:09+05:30:00", "2024-05-06T07:08:09+05:30"},
        {"2024-05-06T07:08:09-00:25:21", "2024-05-06T07:08:09-00:25:21"},
        {"2024-05-06T07:08:09-00:00:00.000001", "2024-05-06T07:08:09-00:00:00.000001"},
        {"2024-05-06T07:08:09+23:59:59.999999", "2024-05-06T07:08:09+23:59:59.999999"},
        {"2024-05-06T07:08:09+00:00:30.5", "2024-05-06T07:08:09+00:00:30.500000"},
    };
    for (size_t i = 0; i < QR_ARRAY_LENGTH(cases); i++) {
        qr_datetime d;
        uint8_t text[QR_TIMESTAMP_TEXT];
        CHECK_EQ(read_datetime(cases[i][0], &d), QR_TIMESTAMP_OK);
        size_t length = (size_t)(qr_timestamp_write_datetime(text, &d) - text);
        CHECK_BYTES_EQ(text, length, cases[i][1], strlen(cases[i][1]));
        length = (size_t)(qr_timestamp_write_date(text, &d) - text);
        CHECK_BYTES_EQ(text, length, cases[i][1], 10);
        length = (size_t)(qr_timestamp_write_time(text, &d) - text);
        CHECK_BYTES_EQ(text, length, cases[i][1] + 11, strlen(cases[i][1]) - 11);
    }
}

/* ---- durations ---- */

static void test_durations(void)
{
    static const struct {
        const char *text;
        qr_duration value;
        const char *written; /* NULL: the same */
    } cases[] = {
        {"PT0S", {0, 0, 0}, NULL},
        {"P0D", {0, 0, 0}, "PT0S"},
        {"-PT0S", {0, 0, 0}, "PT0S"},
        {"P0W", {0, 0, 0}, "PT0S"},
        {"P1D", {1, 0, 0}, NULL},
        {"P2W", {14, 0, 0}, "P14D"},
        {"-P1W", {-7, 0, 0}, "-P7D"},
        {"PT1H", {0, 3600, 0}, NULL},
        {"PT1M", {0, 60, 0}, NULL},
        {"PT1S", {0, 1, 0}, NULL},
        {"P1DT2H3M4.5S", {1, 7384, 500000}, NULL},
        {"-P1DT2H3M4.5S", {-2, 79015, 500000}, NULL},
        {"PT0.000001S", {0, 0, 1}, NULL},
        {"-PT0.000001S", {-1, 86399, 999999}, NULL},
        {"-PT1S", {-1, 86399, 0}, NULL},
        {"-P1D", {-1, 0, 0}, NULL},
        {"PT36H", {1, 43200, 0}, "P1DT12H"},
        {"PT90M", {0, 5400, 0}, "PT1H30M"},
        {"PT86400S", {1, 0, 0}, "P1D"},
        {"P1DT0H0M0S", {1, 0, 0}, "P1D"},
        {"PT2H4S", {0, 7204, 0}, NULL},
        {"P01DT01S", {1, 1, 0}, "P1DT1S"},
        {"PT1.10S", {0, 1, 100000}, "PT1.1S"},
        {"PT60S", {0, 60, 0}, "PT1M"},
        {"P999999999D", {999999999, 0, 0}, NULL},
        {"-P999999999D", {-999999999, 0, 0}, NULL},
        {"P999999999DT23H59M59.999999S", {999999999, 86399, 999999}, NULL},
        {"-P999999998DT23H59M59.999999S", {-999999999, 0, 1}, NULL},
        {"PT86399999999999.999999S", {999999999, 86399, 999999}, "P999999999DT23H59M59.999999S"},
        {"P142857142W", {999999994, 0, 0}, "P999999994D"},
        {"PT00000000000000000000000000000000000001S", {0, 1, 0}, "PT1S"},
    };
    for (size_t i = 0; i < QR_ARRAY_LENGTH(cases); i++) {
        qr_duration d;
        uint8_t text[QR_TIMESTAMP_TEXT];
        CHECK_RESULT(read_duration(cases[i].text, &d), QR_TIMESTAMP_OK, cases[i].text);
        CHECK_EQ(d.days, cases[i].value.days);
        CHECK_EQ(d.seconds, cases[i].value.seconds);
        CHECK_EQ(d.microseconds, cases[i].value.microseconds);
        size_t length = (size_t)(qr_timestamp_write_duration(text, &d) - text);
        const char *written = cases[i].written ? cases[i].written : cases[i].text;
        CHECK_BYTES_EQ(text, length, written, strlen(written));
    }
}

static void test_durations_refused(void)
{
    static const char *const bad[] = {
        "",
        "P",
        "PT",
        "-P",
        "-PT",
        "P1",
        "1D",
        "PD",
        "PTS",
        "P1DT",
        "PT1",
        "T1S",
        "P1Y",
        "P1M",
        "P1Y2M3DT4H",
        "PT1D",
        "P1H",
        "P1S",
        "P1W1D",
        "P1WT1H",
        "P1D1W",
        "PT1W",
        "PT1S1M",
        "PT1M1H",
        "PT1H1H",
        "P1D1D",
        "PT1HT1M",
        "P1.5D",
        "PT1.5H",
        "PT1.5M",
        "P0.5W",
        "PT1.S",
        "PT.5S",
        "PT1,5S",
        "PT1.1234567890S",
        "+P1D",
        "--P1D",
        "P-1D",
        "PT-1S",
        "PT+1S",
        "p1d",
        "P1d",
        "PT1s",
        "Pt1S",
        " P1D",
        "P1D ",
        "P 1D",
        "P1DT1S1",
        "PT1S.5",
        ("P1\xD9\xA1"
         "D"),
        "PT0x1S",
        "P99999999999999999999",
        "PT1.5",
    };
    static const char *const beyond[] = {
        "P1000000000D",
        "-P1000000000D",
        "-P999999999DT1S",
        "-P999999999DT0.000001S",
        "P999999999DT24H",
        "P142857143W",
        "PT86400000000000S",
        "P99999999999999999999999999D",
        "PT18446744073709551617S",
        "P18446744073709551616W",
        "P999999999DT99999999999999999999H99999999999999999999M99999999999999999999S",
    };
    qr_duration d;
    for (size_t i = 0; i < QR_ARRAY_LENGTH(bad); i++)
        CHECK_RESULT(read_duration(bad[i], &d), QR_TIMESTAMP_BAD, bad[i]);
    for (size_t i = 0; i < QR_ARRAY_LENGTH(beyond); i++)
        CHECK_RESULT(read_duration(beyond[i], &d), QR_TIMESTAMP_RANGE, beyond[i]);
    CHECK_EQ(read_duration("PT1.1234567S", &d), QR_TIMESTAMP_INEXACT);
    CHECK(d.seconds == 1 && d.microseconds == 123456);
    CHECK_EQ(read_duration("PT1.123456000S", &d), QR_TIMESTAMP_OK);
    CHECK_EQ(qr_timestamp_read_duration(NULL, 0, &d), QR_TIMESTAMP_BAD);
}

static void test_durations_there_and_back(void)
{
    uint64_t state = 11;
    for (int round = 0; round < 100000; round++) {
        uint64_t r = qr_test_random(&state), s = qr_test_random(&state);
        int32_t span = round % 3 == 0 ? 3 : 999999999;
        qr_duration d = {(int32_t)(r % (2 * (uint64_t)span)) - span, (int32_t)(r >> 32) & 1 ? (int32_t)(s % 86400) : 0,
                         (int32_t)(r >> 33) & 1 ? (int32_t)(s >> 32) % 1000000 : 0};
        d.microseconds = d.microseconds < 0 ? -d.microseconds : d.microseconds;
        uint8_t text[QR_TIMESTAMP_TEXT];
        qr_duration back;
        size_t length = (size_t)(qr_timestamp_write_duration(text, &d) - text);
        CHECK_EQ(qr_timestamp_read_duration(text, length, &back), QR_TIMESTAMP_OK);
        CHECK(back.days == d.days && back.seconds == d.seconds && back.microseconds == d.microseconds);
    }
}

/* ---- calendar ---- */

static void test_every_day(void)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int32_t days = -719162; /* 0001-01-01 */
    for (int32_t year = 1; year <= 9999; year++)
        for (unsigned month = 1; month <= 12; month++) {
            int length = lengths[month - 1] + (month == 2 && year % 4 == 0 && (year % 100 || year % 400 == 0));
            REQUIRE(qr_timestamp_days_in_month(year, month) == length);
            for (unsigned day = 1; (int)day <= length; day++, days++) {
                int32_t y;
                unsigned m, d;
                REQUIRE(qr_timestamp_days_from_civil(year, month, day) == days);
                qr_timestamp_civil_from_days(days, &y, &m, &d);
                REQUIRE(y == year && m == month && d == day);
            }
        }
    CHECK_EQ(days, 2932897);
    CHECK_EQ(qr_timestamp_days_from_civil(1970, 1, 1), 0);
    CHECK_EQ(qr_timestamp_days_from_civil(2000, 3, 1), 11017);
}

static void test_unix(void)
{
    static const struct {
        const char *text;
        int64_t seconds;
        uint32_t nanoseconds;
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0, 0},
        {"1970-01-01T00:00:00", 0, 0},
        {"1969-12-31T23:59:59.999999Z", -1, 999999000},
        {"2001-09-09T01:46:40Z", 1000000000, 0},
        {"2038-01-19T03:14:08Z", 2147483648, 0},
        {"0001-01-01T00:00:00Z", -62135596800, 0},
        {"9999-12-31T23:59:59Z", 253402300799, 0},
        {"1970-01-01T01:00:00+01:00", 0, 0},
        {"1969-12-31T19:00:00.25-05:00", 0, 250000000},
        {"0001-01-01T00:00:00+23:59", -62135683140, 0},
        {"1970-01-01T00:00:00+00:00:00.000001", -1, 999999000},
        {"1970-01-01T00:00:00.999999-00:00:00.000001", 1, 0},
        {"1970-01-01T00:00:00.5+00:00:01.5", -1, 0},
    };
    for (size_t i = 0; i < QR_ARRAY_LENGTH(cases); i++) {
        qr_datetime d;
        uint32_t nanoseconds = 7;
        CHECK_EQ(read_datetime(cases[i].text, &d), QR_TIMESTAMP_OK);
        CHECK_RESULT(qr_timestamp_to_unix(&d, &nanoseconds), cases[i].seconds, cases[i].text);
        CHECK_RESULT(nanoseconds, cases[i].nanoseconds, cases[i].text);
        CHECK_EQ(qr_timestamp_to_unix(&d, NULL), cases[i].seconds);
    }
    qr_datetime d;
    CHECK_EQ(qr_timestamp_from_unix(-62135596800, 0, &d), QR_TIMESTAMP_OK);
    CHECK(d.year == 1 && d.month == 1 && d.day == 1 && d.hour == 0 && d.has_date && d.has_time && d.has_offset && d.offset == 0);
    CHECK_EQ(qr_timestamp_from_unix(-62135596801, 999999999, &d), QR_TIMESTAMP_RANGE);
    CHECK_EQ(qr_timestamp_from_unix(253402300799, 999999000, &d), QR_TIMESTAMP_OK);
    CHECK(d.year == 9999 && d.month == 12 && d.day == 31 && d.hour == 23 && d.minute == 59 && d.second == 59 &&
          d.microsecond == 999999);
    CHECK_EQ(qr_timestamp_from_unix(253402300800, 0, &d), QR_TIMESTAMP_RANGE);
    CHECK_EQ(qr_timestamp_from_unix(INT64_MIN, 0, &d), QR_TIMESTAMP_RANGE);
    CHECK_EQ(qr_timestamp_from_unix(INT64_MAX, 0, &d), QR_TIMESTAMP_RANGE);
    CHECK_EQ(qr_timestamp_from_unix(0, 1000000000, &d), QR_TIMESTAMP_BAD);
    CHECK_EQ(qr_timestamp_from_unix(-1, 1, &d), QR_TIMESTAMP_INEXACT);
    CHECK(d.year == 1969 && d.second == 59 && d.microsecond == 0);
    uint64_t state = 5;
    for (int round = 0; round < 100000; round++) {
        int64_t seconds = (int64_t)(qr_test_random(&state) % (uint64_t)(253402300800 + 62135596800)) - 62135596800;
        uint32_t nanoseconds = (uint32_t)(qr_test_random(&state) % 1000000) * 1000, back;
        CHECK_EQ(qr_timestamp_from_unix(seconds, nanoseconds, &d), QR_TIMESTAMP_OK);
        CHECK_EQ(qr_timestamp_to_unix(&d, &back), seconds);
        CHECK_EQ(back, nanoseconds);
    }
}

/* ---- MessagePack ---- */

static void test_extension(void)
{
    static const struct {
        int64_t seconds;
        uint32_t nanoseconds;
        size_t n;
        const char *payload;
    } cases[] = {
        {0, 0, 4, "\0\0\0\0"},
        {1, 0, 4, "\0\0\0\1"},
        {4294967295, 0, 4, "\xFF\xFF\xFF\xFF"},
        {4294967296, 0, 8, "\0\0\0\1\0\0\0\0"},
        {0, 1, 8, "\0\0\0\4\0\0\0\0"},
        {17179869183, 999999999, 8, "\xEE\x6B\x27\xFF\xFF\xFF\xFF\xFF"},
        {17179869184, 0, 12, "\0\0\0\0\0\0\0\4\0\0\0\0"},
        {-1, 999999999, 12, "\x3B\x9A\xC9\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"},
        {INT64_MIN, 0, 12, "\0\0\0\0\x80\0\0\0\0\0\0\0"},
        {INT64_MAX, 1, 12, "\0\0\0\1\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF"},
    };
    for (size_t i = 0; i < QR_ARRAY_LENGTH(cases); i++) {
        uint8_t *to = copy_of("            ", cases[i].n);
        int64_t seconds;
        uint32_t nanoseconds;
        CHECK_EQ(qr_timestamp_write_ext(to, cases[i].seconds, cases[i].nanoseconds), cases[i].n);
        CHECK_BYTES_EQ(to, cases[i].n, cases[i].payload, cases[i].n);
        CHECK_EQ(qr_timestamp_read_ext(to, cases[i].n, &seconds, &nanoseconds), 1);
        CHECK_EQ(seconds, cases[i].seconds);
        CHECK_EQ(nanoseconds, cases[i].nanoseconds);
        free(to);
    }
    int64_t seconds;
    uint32_t nanoseconds;
    static const uint8_t ones[16] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
    for (size_t n = 0; n <= 16; n++)
        CHECK_EQ(qr_timestamp_read_ext(ones, n, &seconds, &nanoseconds), n == 4);
    CHECK_EQ(qr_timestamp_read_ext((const uint8_t *)"\xEE\x6B\x28\0\0\0\0\0", 8, &seconds, &nanoseconds), 0);
    CHECK_EQ(qr_timestamp_read_ext((const uint8_t *)"\x3B\x9A\xCA\0\0\0\0\0\0\0\0\0", 12, &seconds, &nanoseconds), 0);
    /* longer than it must be is fine */
    CHECK_EQ(qr_timestamp_read_ext((const uint8_t *)"\0\0\0\0\0\0\0\0\0\0\0\5", 12, &seconds, &nanoseconds), 1);
    CHECK_EQ(seconds, 5);
}

TEST_MAIN(TEST(test_datetime_fields), TEST(test_fractions), TEST(test_datetime_refused), TEST(test_datetime_damaged),
          TEST(test_zones), TEST(test_datetime_written), TEST(test_durations), TEST(test_durations_refused),
          TEST(test_durations_there_and_back), TEST(test_every_day), TEST(test_unix), TEST(test_extension))

/*
 * http_date.c - see http_date.h.  Not strftime() and strptime(): those follow
 * the locale and take more than the grammar allows.
 */
#include "cmd/http_date.h"

#include <stdio.h>
#include <string.h>

#define DAY_S 86400
#define LAST_S ((int64_t)253402300799)	/* the end of 9999 */

static const char days[] = "SunMonTueWedThuFriSat";
static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

struct date {
	int year, month, day;	/* month from 1 on */
	int hour, minute, second;
};

/* Days since 1970 of a date of the Gregorian calendar; a year begins in March
 * here, so that the leap day is its last. */
static int64_t
days_of(const struct date *d)
{
	const int64_t y = d->month <= 2 ? d->year - 1 : d->year;
	const int64_t month = (d->month + 9) % 12;
	const int64_t day_of_year = (153 * month + 2) / 5 + d->day - 1;

	return 365 * y + y / 4 - y / 100 + y / 400 + day_of_year - 719468;
}

static struct date
date_of(int64_t day)
{
	const int64_t z = day + 719468, era = z / 146097, rest = z % 146097;
	const int64_t year = (rest - rest / 1460 + rest / 36524 - rest / 146096) / 365;
	const int64_t of_year = rest - (365 * year + year / 4 - year / 100);
	const int64_t month = (5 * of_year + 2) / 153;
	struct date d = {
		.day = (int)(of_year - (153 * month + 2) / 5 + 1),
		.month = (int)(month < 10 ? month + 3 : month - 9),
	};

	d.year = (int)(year + era * 400 + (d.month <= 2));
	return d;
}

/* Two digits. */
static void
put2(char *at, int n)
{
	at[0] = (char)('0' + n / 10);
	at[1] = (char)('0' + n % 10);
}

void
sp_http_date_write(char *text, int64_t at_s)
{
	static const char blank[HTTP_DATE_BYTES] = "xxx, xx xxx xxxx xx:xx:xx GMT";
	const int64_t at = at_s < 0 ? 0 : at_s > LAST_S ? LAST_S : at_s;
	const struct date d = date_of(at / DAY_S);
	const int second = (int)(at % DAY_S);

	memcpy(text, blank, sizeof(blank));
	memcpy(text, days + (at / DAY_S + 4) % 7 * 3, 3);
	put2(text + 5, d.day);
	memcpy(text + 8, months + (size_t)(d.month - 1) * 3, 3);
	put2(text + 12, d.year / 100);
	put2(text + 14, d.year % 100);
	put2(text + 17, second / 3600);
	put2(text + 20, second / 60 % 60);
	put2(text + 23, second % 60);
}

/* ---- Reading ---- */

/* Matches text against a form: a letter of "DMYhms" stands for a digit of that
 * number, "N" for a letter of a month's name, "W" for a letter of a day's, "d"
 * for a digit of the day or a blank; everything else for itself. */
static bool
match(struct date *d, const char *form, const char *text, size_t len)
{
	char month[3] = { 0 };
	size_t letters = 0;

	*d = (struct date){ 0 };
	for (size_t i = 0; i < len; i++) {
		const char c = text[i] == ' ' && form[i] == 'd' ? '0' : text[i];
		const bool digit = c >= '0' && c <= '9';
		const bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
		int *n = NULL;

		switch (form[i]) {
		case 'D': case 'd': n = &d->day; break;
		case 'Y': n = &d->year; break;
		case 'h': n = &d->hour; break;
		case 'm': n = &d->minute; break;
		case 's': n = &d->second; break;
		case 'W': case 'N': break;
		default:
			if (c != form[i])
				return false;
			continue;
		}
		if (n == NULL ? !letter : !digit)
			return false;
		if (n != NULL)
			*n = 10 * *n + c - '0';
		else if (form[i] == 'N')
			month[letters++] = c;
	}
	for (int i = 0; i < 12; i++) {
		if (memcmp(months + (size_t)i * 3, month, 3) == 0)
			d->month = i + 1;
	}
	return d->month != 0;
}

static bool
is_date(const struct date *d)
{
	static const int month_days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	const bool leap = d->year % 4 == 0 && (d->year % 100 != 0 || d->year % 400 == 0);
	const int last = month_days[d->month - 1] + (leap && d->month == 2);

	return d->year >= 1970 && d->day >= 1 && d->day <= last && d->hour < 24 &&
	    d->minute < 60 && d->second <= 60;
}

/* RFC 9110 §5.6.7: what would lie more than 50 years ahead is past. */
static int
year_of(int two_digits, int64_t now_s)
{
	const int now = date_of(now_s / DAY_S).year;
	const int year = now - now % 100 + two_digits;

	return year > now + 50 ? year - 100 : year;
}

bool
sp_http_date_read(int64_t *at_s, const char *text, size_t len, int64_t now_s)
{
	static const char imf[] = "WWW, DD NNN YYYY hh:mm:ss GMT";
	static const char rfc850[] = ", DD-NNN-YY hh:mm:ss GMT";
	static const char asctime[] = "WWW NNN dD hh:mm:ss YYYY";
	const char *comma = memchr(text, ',', len);
	const size_t name = comma == NULL ? 0 : (size_t)(comma - text);
	struct date d;
	bool found;

	if (len == sizeof(imf) - 1 && name == 3) {
		found = match(&d, imf, text, len);
	} else if (name >= 6 && name <= 9 && len - name == sizeof(rfc850) - 1) {
		found = match(&d, rfc850, text + name, len - name);
		d.year = year_of(d.year, now_s);
	} else {
		found = len == sizeof(asctime) - 1 && match(&d, asctime, text, len);
	}
	if (!found || !is_date(&d))
		return false;
	*at_s = days_of(&d) * DAY_S + d.hour * 3600 + d.minute * 60 + d.second;
	return true;
}

/*
 * libmmstats: a program publishes counters, gauges, timers and text in a small memory-mapped file, which slurpstats and
 * others read from outside while the program runs. mmstats(3) begins with an example.
 *
 * It needs C99 or C++11, or a later one.
 *
 * Instance
 *     mmstats_create() makes one file. The mmstats_add_...() functions add fields to it, before others look or while they do,
 *     and give a handle for each. Handles belong to the instance: they are valid until mmstats_close(), and nothing else
 *     frees them.
 *
 * Errors
 *     A function that can fail gives NULL or -1, sets errno, and says more by mmstats_error(). Nothing else sets errno
 *     on purpose. Updates cannot fail. A NULL handle counts nothing, and its value is 0; a quantile, and a window's mean and
 *     maximum, are NaN, as of none. So a program may go on with whatever it could not publish.
 *
 * Threads
 *     The handles of an instance are for one thread at a time: an update is a plain store, as fast as the program's own
 *     counting. With mmstats_options_shared(), any thread may update and read any handle at any time, at a higher price.
 *     Any thread may call the mmstats_add_...() functions, and each thread has its own mmstats_error(). Options and
 *     specs, and mmstats_close(), are for one thread at a time in any case.
 *
 * Forks
 *     An instance belongs to the process that made it. A child may go on using the handles, but nobody sees what it
 *     counts, and the parent's values stay as they are. A child that publishes makes an instance of its own.
 *     In a child, functions that add, remove or flush give EPERM, and mmstats_close() leaves the parent's file.
 *
 * Signals
 *     Updates of handles that are not shared take no lock. A signal handler may update a handle that only it updates.
 *
 * Text is UTF-8 with a NUL at its end. What a function takes is copied: it may be freed or changed after the call.
 */
#ifndef MMSTATS_H
#define MMSTATS_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#if defined(__GNUC__)
#define MMSTATS_PRINTF(text, arguments) __attribute__((__format__(__printf__, text, arguments)))
#else
#define MMSTATS_PRINTF(text, arguments)
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* One file, and its fields. */
typedef struct mmstats mmstats;

/* Where a file is put, and what it is called. */
typedef struct mmstats_options mmstats_options;

/* What is chosen for a field. */
typedef struct mmstats_spec mmstats_spec;

/* Handles, one type per kind of field. */
typedef struct mmstats_counter mmstats_counter;
typedef struct mmstats_updown mmstats_updown;
typedef struct mmstats_gauge mmstats_gauge;
typedef struct mmstats_bool mmstats_bool;
typedef struct mmstats_text mmstats_text;
typedef struct mmstats_timestamp mmstats_timestamp;
typedef struct mmstats_average mmstats_average;
typedef struct mmstats_moving_average mmstats_moving_average;
typedef struct mmstats_recent mmstats_recent;
typedef struct mmstats_window mmstats_window;
typedef struct mmstats_histogram mmstats_histogram;
typedef struct mmstats_timer mmstats_timer;

/* The types of a number, as mmstats(5) numbers them. */
enum mmstats_type {
	MMSTATS_U64 = 1,
	MMSTATS_U32 = 2,
	MMSTATS_U16 = 3,
	MMSTATS_U8 = 4,
	MMSTATS_I64 = 5,
	MMSTATS_I32 = 6,
	MMSTATS_I16 = 7,
	MMSTATS_I8 = 8,
	MMSTATS_F64 = 9,
	MMSTATS_F32 = 10
};

/* How the values of several files become one. */
enum mmstats_merge {
	MMSTATS_MERGE_NONE = 0,
	MMSTATS_MERGE_SUM = 1,
	MMSTATS_MERGE_AVG = 2,
	MMSTATS_MERGE_MIN = 3,
	MMSTATS_MERGE_MAX = 4,
	MMSTATS_MERGE_LATEST = 5
};

/* ---- Errors ---- */

/*
 * Why the last call of this thread that failed did so, with the path of the file: "PATH: REASON". Never NULL; empty if no
 * call has failed. Valid until the next call of this thread that fails. It may contain bytes of a path as they are.
 *
 * errno is the system's, where that refused; else
 *     EINVAL      a label, an option, a template or a variable of the environment makes no sense, or there is no instance
 *     EBUSY       a living process publishes under this name
 *     EEXIST      the name is taken by something that is not a stats file
 *     EFBIG       a field is too large
 *     EPERM       the instance belongs to the parent process
 *     EOPNOTSUPP  on the file system a full disk would kill the program at an update, or the platform is not Linux
 *     ENOTRECOVERABLE  a fault in this library
 */
const char *mmstats_error(void);

/*
 * Sets what is called where mmstats_create_or_private() has to count in private memory, in the thread in which that
 * happens. Without it, the first such error of a process is one line on standard error. NULL: nothing is said. The hook
 * must return: it must not throw an exception of C++, nor leave by longjmp().
 */
void mmstats_on_error(void (*hook)(int error, const char *message));

/* The version of the library, such as "0.1.0". */
const char *mmstats_version(void);

/* ---- Options ---- */

/* The defaults. mmstats_options_free() frees them; NULL is allowed. */
mmstats_options *mmstats_options_new(void);
void mmstats_options_free(mmstats_options *options);

/* The directory, which must exist. Default: MMSTATS_PATH, else TMPDIR, else /tmp. NULL changes nothing. */
void mmstats_options_dir(mmstats_options *options, const char *dir);

/*
 * The file name. {CMD} is replaced by the program's name, {PID} by the process id, {TID} by the thread id. Readers look
 * for *.mmstats. Default: MMSTATS_FILES, else {CMD}-{PID}-{TID}.mmstats. NULL changes nothing.
 */
void mmstats_options_filename(mmstats_options *options, const char *filename);

/* A prefix for every label, including sys.pid and the others that each file has. Default: none. */
void mmstats_options_label_prefix(mmstats_options *options, const char *prefix);

/* The file's permissions, exactly these. Default: 0644 less the umask. */
void mmstats_options_mode(mmstats_options *options, unsigned int mode);

/* The version of the file, 1 or 2. MMSTATS_VERSION wins. Default: 2. */
void mmstats_options_version(mmstats_options *options, int version);

/*
 * Whether any thread may update the handles at any time. Then counters, gauges and histograms are updated by atomic
 * instructions, and the others under a lock. Default: false, which is for one thread at a time.
 */
void mmstats_options_shared(mmstats_options *options, bool shared);

/* ---- Instances ---- */

/*
 * Makes an instance and publishes its file. NULL options: the defaults. The options may be freed afterwards. An option
 * that makes no sense is an error here; what makes sense takes its place. NULL on errors.
 */
mmstats *mmstats_create(const mmstats_options *options);

/*
 * The same, but a program that cannot publish counts in private memory: mmstats_private_reason() says why. NULL only if
 * an option makes no sense.
 */
mmstats *mmstats_create_or_private(const mmstats_options *options);

/* Ends an instance: removes its file unless it is to be kept, and frees all handles. NULL is allowed. */
void mmstats_close(mmstats *stats);

/* The path of the file, or the one that it would have. Valid until mmstats_close(). NULL of NULL. */
const char *mmstats_path(const mmstats *stats);

/* The size of the file in bytes. */
size_t mmstats_size(const mmstats *stats);

/* Why the instance counts in private memory; NULL if it does not. Valid until mmstats_close(). */
const char *mmstats_private_reason(const mmstats *stats);

/* Whether this is a forked child's copy of its parent's instance. */
bool mmstats_is_inherited(const mmstats *stats);

/* mmstats_close() leaves the file, which then counts as dead. */
void mmstats_keep(mmstats *stats);

/*
 * Removes the file now. Updates remain possible, but no reader sees them. 0, or -1 on errors. In a forked child the file
 * is the parent's: it stays, which is EPERM.
 */
int mmstats_remove(mmstats *stats);

/*
 * Syncs the values to disk, and waits for that if wait is true. Readers do not need it. 0, or -1 on errors; EPERM in a
 * forked child.
 */
int mmstats_flush(mmstats *stats, bool wait);

/* ---- What is chosen for a field ---- */

/*
 * The defaults. Where a function takes a spec, NULL is the defaults, too. A spec can be used for several fields, and
 * changed in between. What makes no sense, and an option that the kind of field has not, is an error where the field is
 * added. What makes sense takes the place of what was wrong for the same option. mmstats_spec_free() frees it; NULL is
 * allowed.
 */
mmstats_spec *mmstats_spec_new(void);
void mmstats_spec_free(mmstats_spec *spec);

/*
 * An attribute of the label, which becomes label{name="value"}: letters, digits and _; and any text. The last value of a
 * name counts. A name that makes no sense stays in the spec: a new spec is the remedy. All kinds.
 */
void mmstats_spec_attribute(mmstats_spec *spec, const char *name, const char *value);

/* The unit of the value: "seconds", "bytes", "ratio" or another word of 1 to 63 ASCII characters. All kinds but timer. */
void mmstats_spec_unit(mmstats_spec *spec, const char *unit);

/* What the field is, in one line of at most 65535 bytes: a longer one is an error where the field is added. All kinds. */
void mmstats_spec_help(mmstats_spec *spec, const char *help);

/* How the values of several files become one, an enum mmstats_merge. Gauge, bool, moving average. */
void mmstats_spec_merge(mmstats_spec *spec, int rule);

/* The type of a number, an enum mmstats_type. Gauge: default MMSTATS_F64. Static numbers: default the argument's. */
void mmstats_spec_type(mmstats_spec *spec, int type);

/* The first value. Default: 0. Gauge, bool (0 is false), timestamp (seconds since 1970). */
void mmstats_spec_initial(mmstats_spec *spec, double value);
void mmstats_spec_initial_i64(mmstats_spec *spec, int64_t value);
void mmstats_spec_initial_u64(mmstats_spec *spec, uint64_t value);

/* The first text. Default: empty. Text. */
void mmstats_spec_initial_text(mmstats_spec *spec, const char *text);

/* Bytes that a text holds, at least 1; 0 is an error where the text is added. Default: 255. Text. */
void mmstats_spec_size(mmstats_spec *spec, size_t bytes);

/* How finely sizes are told apart, in bits, 0 to 16. Default: 5, which is 1.6 %. Histogram, timer. */
void mmstats_spec_precision(mmstats_spec *spec, unsigned int bits);

/* Numbers below 2^bits are told apart; at most 64. Default: 42, which is 73 minutes of nanoseconds. Histogram, timer. */
void mmstats_spec_range(mmstats_spec *spec, unsigned int bits);

/* What a number is multiplied with, so that it is in the unit. Default: 1. Histogram. */
void mmstats_spec_scale(mmstats_spec *spec, double scale);

/* For times: what is recorded is nanoseconds, and the unit seconds. Histogram. */
void mmstats_spec_durations(mmstats_spec *spec);

/* Which quantiles readers show, each from 0 to 1. Default: the reader's choice. Histogram, timer. */
void mmstats_spec_quantiles(mmstats_spec *spec, const double *quantiles, size_t len);

/* How many seconds a window looks back on, at least 1. Default: 60. Window. */
void mmstats_spec_seconds(mmstats_spec *spec, uint32_t seconds);

/* How many numbers are kept, at least 1. Default: 100. Recent, moving average. */
void mmstats_spec_keep(mmstats_spec *spec, size_t numbers);

/* ---- Counters: from 0, wrapping after 2^64 - 1 ---- */

mmstats_counter *mmstats_add_counter(mmstats *stats, const char *label, const mmstats_spec *spec);
void mmstats_counter_incr(mmstats_counter *counter);
void mmstats_counter_add(mmstats_counter *counter, uint64_t n);
/* For a program that takes its count from somewhere else. Of a shared instance: unless the count is greater already. */
void mmstats_counter_set(mmstats_counter *counter, uint64_t value);
uint64_t mmstats_counter_value(const mmstats_counter *counter);

/* ---- How many there are: tasks, connections ---- */

mmstats_updown *mmstats_add_updown(mmstats *stats, const char *label, const mmstats_spec *spec);
void mmstats_updown_incr(mmstats_updown *updown);
void mmstats_updown_decr(mmstats_updown *updown);
void mmstats_updown_add(mmstats_updown *updown, int64_t n);
int64_t mmstats_updown_value(const mmstats_updown *updown);

/*
 * ---- Gauges: numbers that go up and down, of the type that the spec says ----
 *
 * Each function works with each type. An integer that the type cannot hold wraps; a number with a fraction becomes the
 * nearest integer towards 0 that the type can hold.
 */

mmstats_gauge *mmstats_add_gauge(mmstats *stats, const char *label, const mmstats_spec *spec);
void mmstats_gauge_set(mmstats_gauge *gauge, double value);
void mmstats_gauge_set_i64(mmstats_gauge *gauge, int64_t value);
void mmstats_gauge_set_u64(mmstats_gauge *gauge, uint64_t value);
void mmstats_gauge_add(mmstats_gauge *gauge, double n);
void mmstats_gauge_add_i64(mmstats_gauge *gauge, int64_t n);
void mmstats_gauge_add_u64(mmstats_gauge *gauge, uint64_t n);
double mmstats_gauge_value(const mmstats_gauge *gauge);
int64_t mmstats_gauge_value_i64(const mmstats_gauge *gauge);
uint64_t mmstats_gauge_value_u64(const mmstats_gauge *gauge);

/* ---- Yes or no ---- */

mmstats_bool *mmstats_add_bool(mmstats *stats, const char *label, const mmstats_spec *spec);
void mmstats_bool_set(mmstats_bool *flag, bool value);
bool mmstats_bool_value(const mmstats_bool *flag);

/* ---- Text that changes ---- */

mmstats_text *mmstats_add_text(mmstats *stats, const char *label, const mmstats_spec *spec);
/* Cut between two characters if it is too long. What is no UTF-8 becomes U+FFFD. NULL changes nothing. */
void mmstats_text_set(mmstats_text *text, const char *value);
/* The same, of len bytes, without a NUL. */
void mmstats_text_set_len(mmstats_text *text, const char *value, size_t len);
/* Writes at most size bytes, a NUL included, and gives the length of the whole text, as snprintf() does. */
size_t mmstats_text_value(const mmstats_text *text, char *buffer, size_t size);
/* As printf(): at most 511 bytes. */
MMSTATS_PRINTF(2, 3)
static inline void mmstats_text_printf(mmstats_text *text, const char *format, ...)
{
	char value[512];
	va_list arguments;
	int len;

	if (text == NULL)
		return;
	va_start(arguments, format);
	len = vsnprintf(value, sizeof value, format, arguments);
	va_end(arguments);
	if (len >= 0)
		mmstats_text_set(text, value);
}

/* ---- What is given once, and says something about the program: no handle. 0, or -1 on errors ---- */

int mmstats_add_static(mmstats *stats, const char *label, double value, const mmstats_spec *spec);
int mmstats_add_static_i64(mmstats *stats, const char *label, int64_t value, const mmstats_spec *spec);
int mmstats_add_static_u64(mmstats *stats, const char *label, uint64_t value, const mmstats_spec *spec);
int mmstats_add_static_text(mmstats *stats, const char *label, const char *value, const mmstats_spec *spec);

/* ---- When something happened last: seconds since 1970, UTC; 0 is never ---- */

mmstats_timestamp *mmstats_add_timestamp(mmstats *stats, const char *label, const mmstats_spec *spec);
void mmstats_timestamp_now(mmstats_timestamp *timestamp);
void mmstats_timestamp_set(mmstats_timestamp *timestamp, double seconds);
double mmstats_timestamp_value(const mmstats_timestamp *timestamp);

/* ---- The mean of all values; 0 of none ---- */

mmstats_average *mmstats_add_average(mmstats *stats, const char *label, const mmstats_spec *spec);
void mmstats_average_add(mmstats_average *average, double value);
double mmstats_average_value(const mmstats_average *average);
uint64_t mmstats_average_count(const mmstats_average *average);

/* ---- The mean of the latest values; 0 of none ---- */

mmstats_moving_average *mmstats_add_moving_average(mmstats *stats, const char *label, const mmstats_spec *spec);
void mmstats_moving_average_add(mmstats_moving_average *average, double value);
double mmstats_moving_average_value(const mmstats_moving_average *average);

/* ---- The last numbers: readers see each of them ---- */

mmstats_recent *mmstats_add_recent(mmstats *stats, const char *label, const mmstats_spec *spec);
void mmstats_recent_add(mmstats_recent *recent, double value);
/* Writes at most len numbers, the latest, the oldest of them first, and gives how many are kept. */
size_t mmstats_recent_values(const mmstats_recent *recent, double *numbers, size_t len);
/* How many were ever added. */
uint64_t mmstats_recent_count(const mmstats_recent *recent);

/* ---- What was added in the last seconds; a mean and a maximum of nothing is NaN ---- */

mmstats_window *mmstats_add_window(mmstats *stats, const char *label, const mmstats_spec *spec);
void mmstats_window_add(mmstats_window *window, double value);
uint64_t mmstats_window_count(const mmstats_window *window);
double mmstats_window_value(const mmstats_window *window);
double mmstats_window_max(const mmstats_window *window);

/* ---- Times ---- */

/* Nanoseconds of CLOCK_MONOTONIC. */
uint64_t mmstats_now(void);

/* ---- Histograms: whole numbers by their size. Mean, maximum and quantile are in the unit; a quantile of none is NaN ---- */

mmstats_histogram *mmstats_add_histogram(mmstats *stats, const char *label, const mmstats_spec *spec);
void mmstats_histogram_record(mmstats_histogram *histogram, uint64_t value);
/* A time: nanoseconds, or with the unit seconds whatever the scale says. */
void mmstats_histogram_record_ns(mmstats_histogram *histogram, uint64_t nanoseconds);
/* The time since mmstats_now() gave begin. */
void mmstats_histogram_since(mmstats_histogram *histogram, uint64_t begin);
uint64_t mmstats_histogram_count(const mmstats_histogram *histogram);
double mmstats_histogram_value(const mmstats_histogram *histogram);
double mmstats_histogram_max(const mmstats_histogram *histogram);
/* What q of the numbers, from 0 to 1, are not above. */
double mmstats_histogram_quantile(const mmstats_histogram *histogram, double q);

/* ---- Timers: a histogram of times, and under LABEL.minute a window of the last minute. In seconds ---- */

mmstats_timer *mmstats_add_timer(mmstats *stats, const char *label, const mmstats_spec *spec);
void mmstats_timer_record_ns(mmstats_timer *timer, uint64_t nanoseconds);
/* The time since mmstats_now() gave begin. */
void mmstats_timer_since(mmstats_timer *timer, uint64_t begin);
double mmstats_timer_last(const mmstats_timer *timer);
uint64_t mmstats_timer_count(const mmstats_timer *timer);
double mmstats_timer_value(const mmstats_timer *timer);
double mmstats_timer_quantile(const mmstats_timer *timer, double q);

#ifdef __cplusplus
}
#endif

#endif

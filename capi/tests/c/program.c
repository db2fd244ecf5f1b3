/*
 * What libmmstats is tried by, in C11 and in C++17: program PART DIRECTORY NUMBER. A part that ends well prints lines for
 * the test that runs it; what is wrong ends the program with the place.
 */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mmstats.h>

#define CHECK(holds) \
	do { \
		if (!(holds)) { \
			fprintf(stderr, "%s:%d: %s; errno %d, %s\n", __FILE__, __LINE__, #holds, errno, mmstats_error()); \
			exit(1); \
		} \
	} while (0)

static mmstats *create_in(const char *dir, const char *filename, bool shared)
{
	mmstats_options *options = mmstats_options_new();
	mmstats *stats;

	mmstats_options_dir(options, dir);
	mmstats_options_filename(options, filename);
	mmstats_options_shared(options, shared);
	stats = mmstats_create(options);
	mmstats_options_free(options);
	return stats;
}

static void say(const char *line)
{
	printf("%s\n", line);
	fflush(stdout);
}

static void wait_for_a_line(void)
{
	int byte;

	do
		byte = getchar();
	while (byte != '\n' && byte != EOF);
}

/* The fields of the golden file of version 2 that a program can write, in its order, and some more. */
static void golden(const char *dir, long shared)
{
	mmstats *stats = create_in(dir, "c.mmstats", shared != 0);
	mmstats_spec *spec = mmstats_spec_new();
	static const double quantiles[] = {0.5, 0.9};
	static const double recents[] = {1, 2, 3, 4, 5.5, -6};
	static const unsigned int recorded[] = {0, 1, 7, 8, 9, 10, 100, 250, 300};
	size_t i;

	CHECK(stats != NULL);
	mmstats_spec_unit(spec, "requests");
	mmstats_spec_help(spec, "Requests answered \xe2\x9c\x93");
	mmstats_counter_add(mmstats_add_counter(stats, "a.u64", spec), 0x0102030405060708);
	mmstats_spec_free(spec);

	spec = mmstats_spec_new();
	mmstats_spec_type(spec, MMSTATS_U32);
	mmstats_spec_merge(spec, MMSTATS_MERGE_MAX);
	mmstats_spec_initial_u64(spec, 0x01020304);
	CHECK(mmstats_add_gauge(stats, "a.u32", spec) != NULL);
	mmstats_spec_free(spec);

	spec = mmstats_spec_new();
	mmstats_spec_type(spec, MMSTATS_U16);
	mmstats_gauge_set_u64(mmstats_add_gauge(stats, "a.u16", spec), 0x0102);
	mmstats_spec_type(spec, MMSTATS_U8);
	CHECK(mmstats_add_static_u64(stats, "a.u8", 200, spec) == 0);
	mmstats_spec_type(spec, MMSTATS_I64);
	mmstats_gauge_set_i64(mmstats_add_gauge(stats, "a.i64", spec), -2);
	mmstats_spec_type(spec, MMSTATS_I32);
	mmstats_gauge_set(mmstats_add_gauge(stats, "a.i32", spec), -3);
	mmstats_spec_type(spec, MMSTATS_I16);
	mmstats_gauge_add(mmstats_add_gauge(stats, "a.i16", spec), -4);
	mmstats_spec_type(spec, MMSTATS_F32);
	mmstats_gauge_add(mmstats_add_gauge(stats, "a.f32", spec), 0.25);
	mmstats_spec_free(spec);

	mmstats_bool_set(mmstats_add_bool(stats, "a.bool", NULL), true);

	spec = mmstats_spec_new();
	mmstats_spec_unit(spec, "seconds");
	mmstats_timestamp_set(mmstats_add_timestamp(stats, "a.time", spec), 1795228800.5);
	mmstats_spec_free(spec);

	spec = mmstats_spec_new();
	mmstats_spec_size(spec, 11);
	{
		mmstats_text *text = mmstats_add_text(stats, "a.text", spec);

		mmstats_text_set(text, "first");
		mmstats_text_set(text, "gr\xc3\xbcn \xe2\x9c\x93");
	}
	mmstats_spec_free(spec);
	CHECK(mmstats_add_static_text(stats, "a.fixed", "f\xc3\xbcr immer", NULL) == 0);

	spec = mmstats_spec_new();
	mmstats_spec_unit(spec, "seconds");
	{
		mmstats_average *mean = mmstats_add_average(stats, "a.mean", spec);

		mmstats_average_add(mean, 0.5);
		mmstats_average_add(mean, 0.25);
		mmstats_average_add(mean, -2);
		CHECK(mmstats_average_count(mean) == 3);
	}
	mmstats_spec_free(spec);

	spec = mmstats_spec_new();
	mmstats_spec_keep(spec, 4);
	{
		mmstats_recent *recent = mmstats_add_recent(stats, "a.recent", spec);

		for (i = 0; i < sizeof recents / sizeof *recents; i++)
			mmstats_recent_add(recent, recents[i]);
		CHECK(mmstats_recent_count(recent) == 6);
	}
	mmstats_spec_free(spec);

	spec = mmstats_spec_new();
	mmstats_spec_unit(spec, "seconds");
	mmstats_spec_scale(spec, 0.001);
	mmstats_spec_quantiles(spec, quantiles, 2);
	mmstats_spec_precision(spec, 2);
	mmstats_spec_range(spec, 8);
	{
		mmstats_histogram *histogram = mmstats_add_histogram(stats, "a.histogram", spec);

		for (i = 0; i < sizeof recorded / sizeof *recorded; i++)
			mmstats_histogram_record(histogram, recorded[i]);
		CHECK(mmstats_histogram_count(histogram) == 9 && mmstats_histogram_max(histogram) == 0.3);
	}
	mmstats_spec_free(spec);

	spec = mmstats_spec_new();
	mmstats_spec_attribute(spec, "route", "/\"a\"");
	mmstats_spec_attribute(spec, "method", "GET");
	mmstats_counter_set(mmstats_add_counter(stats, "a.requests", spec), 42);
	mmstats_spec_free(spec);

	mmstats_updown_add(mmstats_add_updown(stats, "a.tasks", NULL), -7);
	spec = mmstats_spec_new();
	mmstats_spec_keep(spec, 2);
	{
		mmstats_moving_average *average = mmstats_add_moving_average(stats, "a.moving", spec);

		mmstats_moving_average_add(average, 1);
		mmstats_moving_average_add(average, 2);
		mmstats_moving_average_add(average, 4);
		CHECK(mmstats_moving_average_value(average) == 3);
	}
	mmstats_spec_free(spec);

	spec = mmstats_spec_new();
	mmstats_spec_durations(spec);
	mmstats_histogram_record_ns(mmstats_add_histogram(stats, "a.durations", spec), 1500);
	mmstats_spec_free(spec);

	CHECK(mmstats_add_static(stats, "a.static.f64", 0.5, NULL) == 0);
	CHECK(mmstats_add_static_i64(stats, "a.static.i64", -9, NULL) == 0);
	CHECK(mmstats_add_static_u64(stats, "a.static.u64", UINT64_MAX, NULL) == 0);
	/* Neither has a value that depends on when it is looked at. */
	spec = mmstats_spec_new();
	mmstats_spec_seconds(spec, 3);
	CHECK(mmstats_window_count(mmstats_add_window(stats, "a.window", spec)) == 0);
	mmstats_spec_free(spec);
	spec = mmstats_spec_new();
	mmstats_spec_help(spec, "How long");
	CHECK(mmstats_timer_count(mmstats_add_timer(stats, "a.timer", spec)) == 0);
	mmstats_spec_free(spec);

	CHECK(mmstats_flush(stats, false) == 0 && mmstats_size(stats) > 0);
	say(mmstats_path(stats));
	wait_for_a_line();
	mmstats_close(stats);
}

/* What each handle says of itself. */
static void values(const char *dir, long shared)
{
	mmstats *stats = create_in(dir, "values-{PID}.mmstats", shared != 0);
	mmstats_spec *spec = mmstats_spec_new();
	mmstats_gauge *gauge;
	mmstats_text *text;
	mmstats_recent *recent;
	mmstats_window *window;
	mmstats_timer *timer;
	mmstats_histogram *histogram;
	mmstats_timestamp *timestamp;
	mmstats_updown *updown;
	char buffer[8];
	double numbers[2];
	uint64_t begin = mmstats_now();

	CHECK(stats != NULL && mmstats_private_reason(stats) == NULL && !mmstats_is_inherited(stats));
	updown = mmstats_add_updown(stats, "updown", NULL);
	mmstats_updown_incr(updown);
	mmstats_updown_decr(updown);
	mmstats_updown_decr(updown);
	CHECK(mmstats_updown_value(updown) == -1);

	mmstats_spec_initial(spec, 1.5);
	gauge = mmstats_add_gauge(stats, "gauge", spec);
	mmstats_gauge_add(gauge, 0.25);
	CHECK(mmstats_gauge_value(gauge) == 1.75 && mmstats_gauge_value_i64(gauge) == 1);
	CHECK(mmstats_gauge_value_u64(gauge) == 1);
	mmstats_spec_type(spec, MMSTATS_U64);
	gauge = mmstats_add_gauge(stats, "gauge.u64", spec);
	mmstats_gauge_set_u64(gauge, UINT64_MAX);
	CHECK(mmstats_gauge_value_u64(gauge) == UINT64_MAX && mmstats_gauge_value_i64(gauge) == -1);
	mmstats_gauge_add_u64(gauge, 3);
	mmstats_gauge_add_i64(gauge, -1);
	CHECK(mmstats_gauge_value_u64(gauge) == 1);
	mmstats_spec_type(spec, MMSTATS_I8);
	gauge = mmstats_add_gauge(stats, "gauge.i8", spec);
	mmstats_gauge_set(gauge, 1000);
	CHECK(mmstats_gauge_value(gauge) == 127);
	mmstats_spec_free(spec);

	text = mmstats_add_text(stats, "text", NULL);
	mmstats_text_printf(text, "%s %d", "page", 42);
	CHECK(mmstats_text_value(text, buffer, sizeof buffer) == 7 && strcmp(buffer, "page 42") == 0);
	CHECK(mmstats_text_value(text, buffer, 3) == 7 && strcmp(buffer, "pa") == 0);
	CHECK(mmstats_text_value(text, NULL, 0) == 7);
	mmstats_text_set_len(text, "abc\xc3\xbc", 4);
	CHECK(mmstats_text_value(text, buffer, sizeof buffer) == 3 && strcmp(buffer, "abc") == 0);
	mmstats_text_set(text, "a\xff");
	CHECK(mmstats_text_value(text, buffer, sizeof buffer) == 4 && strcmp(buffer, "a\xef\xbf\xbd") == 0);

	recent = mmstats_add_recent(stats, "recent", NULL);
	mmstats_recent_add(recent, 1);
	mmstats_recent_add(recent, 2);
	mmstats_recent_add(recent, 3);
	CHECK(mmstats_recent_values(recent, numbers, 2) == 3 && numbers[0] == 2 && numbers[1] == 3);

	window = mmstats_add_window(stats, "window", NULL);
	CHECK(isnan(mmstats_window_value(window)) && isnan(mmstats_window_max(window)));
	mmstats_window_add(window, 3);
	mmstats_window_add(window, 5);
	CHECK(mmstats_window_count(window) == 2 && mmstats_window_value(window) == 4);
	CHECK(mmstats_window_max(window) == 5);

	timer = mmstats_add_timer(stats, "timer", NULL);
	CHECK(isnan(mmstats_timer_quantile(timer, 0.5)));
	mmstats_timer_record_ns(timer, 1000);
	CHECK(mmstats_timer_last(timer) == 1e-6 && mmstats_timer_value(timer) == 1e-6);
	mmstats_timer_since(timer, begin);
	CHECK(mmstats_timer_count(timer) == 2 && mmstats_timer_last(timer) > 0);
	/* A moment that has not come yet. */
	mmstats_timer_since(timer, UINT64_MAX);
	CHECK(mmstats_timer_last(timer) == 0);

	spec = mmstats_spec_new();
	mmstats_spec_durations(spec);
	histogram = mmstats_add_histogram(stats, "histogram", spec);
	mmstats_spec_free(spec);
	mmstats_histogram_record_ns(histogram, 2000);
	CHECK(mmstats_histogram_value(histogram) == 2e-6 && mmstats_histogram_max(histogram) == 2e-6);
	CHECK(mmstats_histogram_quantile(histogram, 1) == 2e-6);
	mmstats_histogram_since(histogram, begin);
	CHECK(mmstats_histogram_count(histogram) == 2);

	timestamp = mmstats_add_timestamp(stats, "timestamp", NULL);
	CHECK(mmstats_timestamp_value(timestamp) == 0);
	mmstats_timestamp_now(timestamp);
	CHECK(mmstats_timestamp_value(timestamp) > 1.5e9);

	CHECK(mmstats_remove(stats) == 0 && access(mmstats_path(stats), F_OK) != 0);
	mmstats_close(stats);
	stats = create_in(dir, "kept.mmstats", false);
	mmstats_keep(stats);
	mmstats_close(stats);
}

/* What a program that could not publish goes on with. */
static void nothing(void)
{
	char buffer[4] = "abc";
	double number = 7;

	CHECK(mmstats_add_counter(NULL, "a", NULL) == NULL && errno == EINVAL);
	CHECK(strstr(mmstats_error(), "no instance") != NULL);
	CHECK(mmstats_add_updown(NULL, "a", NULL) == NULL && mmstats_add_gauge(NULL, "a", NULL) == NULL);
	CHECK(mmstats_add_bool(NULL, "a", NULL) == NULL && mmstats_add_text(NULL, "a", NULL) == NULL);
	CHECK(mmstats_add_timestamp(NULL, "a", NULL) == NULL && mmstats_add_average(NULL, "a", NULL) == NULL);
	CHECK(mmstats_add_moving_average(NULL, "a", NULL) == NULL && mmstats_add_recent(NULL, "a", NULL) == NULL);
	CHECK(mmstats_add_window(NULL, "a", NULL) == NULL && mmstats_add_histogram(NULL, "a", NULL) == NULL);
	CHECK(mmstats_add_timer(NULL, "a", NULL) == NULL);
	CHECK(mmstats_add_static(NULL, "a", 1, NULL) == -1 && mmstats_add_static_i64(NULL, "a", 1, NULL) == -1);
	CHECK(mmstats_add_static_u64(NULL, "a", 1, NULL) == -1);
	CHECK(mmstats_add_static_text(NULL, "a", "b", NULL) == -1);
	errno = 0;
	mmstats_counter_incr(NULL);
	mmstats_counter_add(NULL, 1);
	mmstats_counter_set(NULL, 1);
	mmstats_updown_incr(NULL);
	mmstats_updown_decr(NULL);
	mmstats_updown_add(NULL, 1);
	mmstats_gauge_set(NULL, 1);
	mmstats_gauge_set_i64(NULL, 1);
	mmstats_gauge_set_u64(NULL, 1);
	mmstats_gauge_add(NULL, 1);
	mmstats_gauge_add_i64(NULL, 1);
	mmstats_gauge_add_u64(NULL, 1);
	mmstats_bool_set(NULL, true);
	mmstats_text_set(NULL, "a");
	mmstats_text_set_len(NULL, "a", 1);
	mmstats_text_printf(NULL, "%d", 1);
	mmstats_timestamp_now(NULL);
	mmstats_timestamp_set(NULL, 1);
	mmstats_average_add(NULL, 1);
	mmstats_moving_average_add(NULL, 1);
	mmstats_recent_add(NULL, 1);
	mmstats_window_add(NULL, 1);
	mmstats_histogram_record(NULL, 1);
	mmstats_histogram_record_ns(NULL, 1);
	mmstats_histogram_since(NULL, 0);
	mmstats_timer_record_ns(NULL, 1);
	mmstats_timer_since(NULL, 0);
	CHECK(mmstats_counter_value(NULL) == 0 && mmstats_updown_value(NULL) == 0 && mmstats_gauge_value(NULL) == 0);
	CHECK(mmstats_gauge_value_i64(NULL) == 0 && mmstats_gauge_value_u64(NULL) == 0 && !mmstats_bool_value(NULL));
	CHECK(mmstats_text_value(NULL, buffer, sizeof buffer) == 0 && buffer[0] == '\0');
	CHECK(mmstats_timestamp_value(NULL) == 0 && mmstats_average_value(NULL) == 0);
	CHECK(mmstats_average_count(NULL) == 0 && mmstats_moving_average_value(NULL) == 0);
	CHECK(mmstats_recent_values(NULL, &number, 1) == 0 && number == 7 && mmstats_recent_count(NULL) == 0);
	CHECK(mmstats_window_count(NULL) == 0 && isnan(mmstats_window_value(NULL)) && isnan(mmstats_window_max(NULL)));
	CHECK(mmstats_histogram_count(NULL) == 0 && mmstats_histogram_value(NULL) == 0);
	CHECK(mmstats_histogram_max(NULL) == 0 && isnan(mmstats_histogram_quantile(NULL, 0.5)));
	CHECK(mmstats_timer_count(NULL) == 0 && mmstats_timer_value(NULL) == 0 && mmstats_timer_last(NULL) == 0);
	CHECK(isnan(mmstats_timer_quantile(NULL, 0.5)));
	CHECK(mmstats_path(NULL) == NULL && mmstats_size(NULL) == 0 && mmstats_private_reason(NULL) == NULL);
	CHECK(!mmstats_is_inherited(NULL));
	mmstats_keep(NULL);
	mmstats_close(NULL);
	mmstats_options_free(NULL);
	mmstats_spec_free(NULL);
	mmstats_options_dir(NULL, "a");
	mmstats_options_filename(NULL, "a");
	mmstats_options_label_prefix(NULL, "a");
	mmstats_options_mode(NULL, 0);
	mmstats_options_version(NULL, 1);
	mmstats_options_shared(NULL, true);
	mmstats_spec_unit(NULL, "a");
	mmstats_spec_help(NULL, "a");
	mmstats_spec_attribute(NULL, "a", "a");
	mmstats_spec_merge(NULL, 1);
	mmstats_spec_type(NULL, 1);
	mmstats_spec_initial(NULL, 1);
	mmstats_spec_initial_i64(NULL, 1);
	mmstats_spec_initial_u64(NULL, 1);
	mmstats_spec_initial_text(NULL, "a");
	mmstats_spec_size(NULL, 1);
	mmstats_spec_precision(NULL, 1);
	mmstats_spec_range(NULL, 1);
	mmstats_spec_scale(NULL, 1);
	mmstats_spec_durations(NULL);
	mmstats_spec_quantiles(NULL, NULL, 1);
	mmstats_spec_seconds(NULL, 1);
	mmstats_spec_keep(NULL, 1);
	CHECK(errno == 0);
	CHECK(mmstats_remove(NULL) == -1 && mmstats_flush(NULL, true) == -1);
}

static int hook_was_told;

static void hook(int error, const char *message)
{
	hook_was_told = error == ENOENT && strstr(message, "/no/such/place") != NULL;
}

/* An error of a field says which file and which label. */
static void refused(mmstats *stats, const void *handle, const char *label, const char *what)
{
	CHECK(handle == NULL && errno == EINVAL);
	CHECK(strstr(mmstats_error(), mmstats_path(stats)) == mmstats_error());
	CHECK(strstr(mmstats_error(), label) != NULL && strstr(mmstats_error(), what) != NULL);
}

static char help[65537];

/* What makes no sense is forgotten when something better is chosen for the same option, and only then. */
static void mended(mmstats *stats)
{
	mmstats_spec *spec = mmstats_spec_new();

	mmstats_spec_type(spec, 99);
	mmstats_spec_unit(spec, "\xff");
	mmstats_spec_merge(spec, -1);
	mmstats_spec_unit(spec, "bytes");
	refused(stats, mmstats_add_gauge(stats, "mended", spec), "\"mended\"", "no type of a number");
	mmstats_spec_type(spec, MMSTATS_I8);
	refused(stats, mmstats_add_gauge(stats, "mended", spec), "\"mended\"", "no merge rule");
	mmstats_spec_merge(spec, MMSTATS_MERGE_MAX);
	CHECK(mmstats_add_gauge(stats, "mended", spec) != NULL);
	mmstats_spec_free(spec);

	spec = mmstats_spec_new();
	mmstats_spec_attribute(spec, "a", NULL);
	mmstats_spec_attribute(spec, "b", "\xff");
	mmstats_spec_attribute(spec, "a", "1");
	refused(stats, mmstats_add_counter(stats, "mended", spec), "\"mended\"", "value is not UTF-8");
	mmstats_spec_attribute(spec, "b", "2");
	CHECK(mmstats_add_counter(stats, "mended", spec) != NULL);
	/* The spec of the next field. */
	mmstats_spec_attribute(spec, "a", "2");
	CHECK(mmstats_add_counter(stats, "mended", spec) != NULL);
	CHECK(mmstats_add_counter(stats, "mended{a=\"1\",b=\"2\"}", NULL) == NULL);
	CHECK(mmstats_add_counter(stats, "mended{a=\"2\",b=\"2\"}", NULL) == NULL);
	mmstats_spec_attribute(spec, "\xff", "1");
	refused(stats, mmstats_add_counter(stats, "name", spec), "\"name\"", "name is not UTF-8");
	mmstats_spec_free(spec);

	spec = mmstats_spec_new();
	mmstats_spec_initial_text(spec, "\xff");
	mmstats_spec_size(spec, 0);
	mmstats_spec_initial_text(spec, NULL);
	refused(stats, mmstats_add_text(stats, "mended.text", spec), "\"mended.text\"", "at least 1 byte");
	mmstats_spec_size(spec, 1);
	/* As much help as there may be, and a byte more. */
	memset(help, 'a', sizeof help - 1);
	mmstats_spec_help(spec, help);
	refused(stats, mmstats_add_text(stats, "mended.text", spec), "\"mended.text\"", "65535 is the most");
	help[65535] = '\0';
	mmstats_spec_help(spec, help);
	CHECK(mmstats_add_text(stats, "mended.text", spec) != NULL);
	mmstats_spec_free(spec);
}

static void mended_options(const char *dir)
{
	mmstats_options *options = mmstats_options_new();
	mmstats *stats;

	mmstats_options_dir(options, dir);
	mmstats_options_filename(options, "mended.mmstats");
	mmstats_options_version(options, 3);
	mmstats_options_label_prefix(options, "\xff");
	mmstats_options_label_prefix(options, NULL);
	mmstats_options_version(options, 2);
	CHECK(mmstats_create(options) == NULL && errno == EINVAL && strstr(mmstats_error(), "not UTF-8") != NULL);
	mmstats_options_label_prefix(options, "web.");
	mmstats_options_version(options, 0);
	CHECK(mmstats_create(options) == NULL && errno == EINVAL && strstr(mmstats_error(), "1 or 2") != NULL);
	mmstats_options_version(options, 2);
	stats = mmstats_create(options);
	CHECK(stats != NULL && mmstats_add_counter(stats, "sys.pid", NULL) == NULL);
	mmstats_close(stats);
	mmstats_options_free(options);
}

static void errors(const char *dir, long shared)
{
	mmstats_options *options = mmstats_options_new();
	mmstats_spec *spec = mmstats_spec_new();
	mmstats *stats = create_in(dir, "errors.mmstats", shared != 0);
	mmstats_counter *counter;

	CHECK(mmstats_error()[0] == '\0' && strlen(mmstats_version()) >= 5);
	nothing();
	CHECK(stats != NULL && mmstats_add_counter(stats, "twice", NULL) != NULL);
	refused(stats, mmstats_add_counter(stats, "twice", NULL), "\"twice\"", "is there already");
	refused(stats, mmstats_add_counter(stats, "", NULL), "\"\"", "is empty");
	refused(stats, mmstats_add_counter(stats, NULL, NULL), "label", "there is none");
	refused(stats, mmstats_add_counter(stats, "a\xff", NULL), "label", "not UTF-8");
	refused(stats, mmstats_add_counter(stats, "a{", NULL), "\"a{\"", "attributes");
	mmstats_spec_unit(spec, "two words");
	refused(stats, mmstats_add_counter(stats, "unit", spec), "\"unit\"", "unit");
	refused(stats, mmstats_add_timer(stats, "timer", spec), "\"timer\"", "a timer has no option unit");
	mmstats_spec_unit(spec, NULL);
	mmstats_spec_help(spec, "two\nlines");
	refused(stats, mmstats_add_bool(stats, "help", spec), "\"help\"", "help");
	mmstats_spec_help(spec, NULL);
	mmstats_spec_precision(spec, 17);
	refused(stats, mmstats_add_histogram(stats, "fine", spec), "\"fine\"", "precision of 17 bits");
	refused(stats, mmstats_add_counter(stats, "fine", spec), "\"fine\"", "a counter has no option precision");
	mmstats_spec_free(spec);
	spec = mmstats_spec_new();
	mmstats_spec_attribute(spec, "a-b", "c");
	refused(stats, mmstats_add_gauge(stats, "bad", spec), "bad{", "attribute");
	mmstats_spec_free(spec);
	spec = mmstats_spec_new();
	mmstats_spec_attribute(spec, "a", NULL);
	refused(stats, mmstats_add_gauge(stats, "bad", spec), "\"bad\"", "lacks its name or its value");
	mmstats_spec_free(spec);
	spec = mmstats_spec_new();
	mmstats_spec_type(spec, 11);
	refused(stats, mmstats_add_gauge(stats, "type", spec), "\"type\"", "no type of a number");
	mmstats_spec_free(spec);
	spec = mmstats_spec_new();
	mmstats_spec_merge(spec, 6);
	refused(stats, mmstats_add_gauge(stats, "rule", spec), "\"rule\"", "no merge rule");
	mmstats_spec_free(spec);
	spec = mmstats_spec_new();
	mmstats_spec_seconds(spec, 0);
	refused(stats, mmstats_add_window(stats, "none", spec), "\"none\"", "0 seconds");
	mmstats_spec_free(spec);
	spec = mmstats_spec_new();
	mmstats_spec_unit(spec, "\xff");
	refused(stats, mmstats_add_counter(stats, "bytes", spec), "\"bytes\"", "the unit is not UTF-8");
	mmstats_spec_free(spec);
	spec = mmstats_spec_new();
	mmstats_spec_size(spec, SIZE_MAX / 4);
	CHECK(mmstats_add_text(stats, "large", spec) == NULL && errno == EFBIG);
	mmstats_spec_free(spec);

	mended(stats);
	mended_options(dir);

	mmstats_options_dir(options, "/no/such/place");
	CHECK(mmstats_create(options) == NULL && errno == ENOENT);
	CHECK(strncmp(mmstats_error(), "/no/such/place/", 15) == 0);
	mmstats_close(stats);
	mmstats_on_error(hook);
	stats = mmstats_create_or_private(options);
	CHECK(hook_was_told && strncmp(mmstats_private_reason(stats), "/no/such/place/", 15) == 0);
	counter = mmstats_add_counter(stats, "private", NULL);
	mmstats_counter_incr(counter);
	CHECK(mmstats_counter_value(counter) == 1);
	mmstats_close(stats);
	mmstats_options_filename(options, "{NOTHING}");
	CHECK(mmstats_create(options) == NULL && errno == EINVAL && strstr(mmstats_error(), "{NOTHING}") != NULL);
	mmstats_options_version(options, 3);
	CHECK(mmstats_create(options) == NULL && errno == EINVAL);
	CHECK(mmstats_create_or_private(options) == NULL && errno == EINVAL);
	mmstats_options_free(options);

	options = mmstats_options_new();
	mmstats_options_dir(options, dir);
	mmstats_options_label_prefix(options, "\xff");
	CHECK(mmstats_create(options) == NULL && strstr(mmstats_error(), "not UTF-8") != NULL);
	mmstats_options_free(options);

	options = mmstats_options_new();
	mmstats_options_dir(options, dir);
	mmstats_options_label_prefix(options, "{");
	CHECK(mmstats_create(options) == NULL && errno == EINVAL && strstr(mmstats_error(), "{sys.pid") != NULL);
	CHECK(mmstats_create_or_private(options) == NULL && errno == EINVAL);
	/* Where the file cannot be made either, the library in Rust stops the program. Not this one. */
	mmstats_options_dir(options, "/no/such/place");
	CHECK(mmstats_create_or_private(options) == NULL && errno == ENOTRECOVERABLE);
	CHECK(strstr(mmstats_error(), "{sys.pid") != NULL);
	mmstats_options_free(options);
}

/* Another instance has the name. */
static void held(const char *dir, long shared)
{
	mmstats *stats = create_in(dir, "held.mmstats", shared != 0);

	CHECK(stats != NULL);
	CHECK(create_in(dir, "held.mmstats", false) == NULL && errno == EBUSY);
	CHECK(strncmp(mmstats_error(), mmstats_path(stats), strlen(mmstats_path(stats))) == 0);
	CHECK(strstr(mmstats_error(), "a living process publishes under this name") != NULL);
	CHECK(create_in(dir, "foreign.mmstats", false) == NULL && errno == EEXIST);
	mmstats_close(stats);
	stats = create_in(dir, "held.mmstats", false);
	CHECK(stats != NULL);
	mmstats_close(stats);
}

/* In a directory on a small disk: fields are added until it is full, and what is there goes on. */
static void full(const char *dir, long shared)
{
	mmstats *stats = create_in(dir, "full.mmstats", shared != 0);
	mmstats_counter *first = mmstats_add_counter(stats, "first", NULL), *last;
	char label[32];
	int number = 0;

	CHECK(stats != NULL);
	do {
		snprintf(label, sizeof label, "counter.%d", ++number);
		last = mmstats_add_counter(stats, label, NULL);
		mmstats_counter_incr(last);
	} while (last != NULL && number < 100000);
	CHECK(last == NULL && errno == ENOSPC && number > 50);
	CHECK(strstr(mmstats_error(), mmstats_path(stats)) == mmstats_error());
	CHECK(create_in(dir, "more.mmstats", false) == NULL && errno == ENOSPC);
	for (number = 0; number < 1000; number++)
		mmstats_counter_incr(first);
	CHECK(mmstats_counter_value(first) == 1000);
	mmstats_close(stats);
}

/* A child counts for nobody, and does not remove what is its parent's. */
static void forks(const char *dir, long shared)
{
	mmstats *stats = create_in(dir, "fork-{PID}.mmstats", shared != 0), *own;
	mmstats_counter *counter = mmstats_add_counter(stats, "counter", NULL);
	mmstats_text *text = mmstats_add_text(stats, "text", NULL);
	mmstats_window *window = mmstats_add_window(stats, "window", NULL);
	pid_t child;
	int status;

	CHECK(stats != NULL);
	mmstats_counter_incr(counter);
	mmstats_text_set(text, "parent");
	child = fork();
	CHECK(child != -1);
	if (child == 0) {
		CHECK(mmstats_is_inherited(stats));
		mmstats_counter_add(counter, 100);
		mmstats_text_set(text, "child");
		mmstats_window_add(window, 1);
		CHECK(mmstats_add_counter(stats, "late", NULL) == NULL && errno == EPERM);
		CHECK(mmstats_flush(stats, true) == -1 && errno == EPERM);
		errno = 0;
		CHECK(mmstats_remove(stats) == -1 && errno == EPERM);
		CHECK(strstr(mmstats_error(), mmstats_path(stats)) == mmstats_error());
		CHECK(strstr(mmstats_error(), "parent") != NULL && access(mmstats_path(stats), F_OK) == 0);
		own = create_in(dir, "fork-{PID}.mmstats", shared != 0);
		counter = mmstats_add_counter(own, "counter", NULL);
		mmstats_counter_add(counter, 7);
		CHECK(mmstats_counter_value(counter) == 7 && strcmp(mmstats_path(own), mmstats_path(stats)) != 0);
		mmstats_close(own);
		mmstats_close(stats);
		exit(0);
	}
	CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
	mmstats_counter_incr(counter);
	CHECK(mmstats_counter_value(counter) == 2 && access(mmstats_path(stats), F_OK) == 0);
	say(mmstats_path(stats));
	wait_for_a_line();
	mmstats_close(stats);
}

#define THREADS 8

static struct work {
	mmstats *stats;
	mmstats_counter *counter;
	mmstats_updown *updown;
	mmstats_gauge *gauge, *small;
	mmstats_text *text;
	mmstats_bool *flag;
	mmstats_timestamp *timestamp;
	mmstats_average *average;
	mmstats_moving_average *moving;
	mmstats_recent *recent;
	mmstats_window *window;
	mmstats_histogram *histogram;
	mmstats_timer *timer;
	long updates;
	long number;
} works[THREADS];

static void *update(void *argument)
{
	struct work *work = (struct work *)argument;
	char label[32];
	long i;

	for (i = 0; i < work->updates; i++) {
		mmstats_counter_incr(work->counter);
		mmstats_updown_add(work->updown, i % 2 == 0 ? 2 : -1);
		mmstats_gauge_add(work->gauge, 1);
		mmstats_gauge_add_i64(work->small, 1);
		mmstats_text_printf(work->text, "thread %ld", work->number);
		mmstats_bool_set(work->flag, true);
		mmstats_timestamp_set(work->timestamp, 1);
		mmstats_average_add(work->average, 1);
		mmstats_moving_average_add(work->moving, 1);
		mmstats_recent_add(work->recent, 1);
		mmstats_window_add(work->window, 1);
		mmstats_histogram_record(work->histogram, (uint64_t)i);
		mmstats_timer_record_ns(work->timer, 1000);
	}
	snprintf(label, sizeof label, "thread.%ld", work->number);
	CHECK(mmstats_add_counter(work->stats, label, NULL) != NULL);
	CHECK(mmstats_add_counter(work->stats, label, NULL) == NULL);
	/* Each thread has its own. */
	CHECK(strstr(mmstats_error(), label) != NULL);
	return NULL;
}

/* Eight threads update each field of an instance that is shared. */
static void threads(const char *dir, long updates)
{
	mmstats *stats = create_in(dir, "threads.mmstats", true);
	mmstats_spec *spec = mmstats_spec_new();
	struct work work;
	pthread_t ids[THREADS];
	uint64_t all = (uint64_t)updates * THREADS;
	int i;

	CHECK(stats != NULL);
	work.stats = stats;
	work.counter = mmstats_add_counter(stats, "counter", NULL);
	work.updown = mmstats_add_updown(stats, "updown", NULL);
	work.gauge = mmstats_add_gauge(stats, "gauge", NULL);
	mmstats_spec_type(spec, MMSTATS_U32);
	work.small = mmstats_add_gauge(stats, "small", spec);
	mmstats_spec_free(spec);
	work.text = mmstats_add_text(stats, "text", NULL);
	work.flag = mmstats_add_bool(stats, "flag", NULL);
	work.timestamp = mmstats_add_timestamp(stats, "timestamp", NULL);
	work.average = mmstats_add_average(stats, "average", NULL);
	work.moving = mmstats_add_moving_average(stats, "moving", NULL);
	work.recent = mmstats_add_recent(stats, "recent", NULL);
	work.window = mmstats_add_window(stats, "window", NULL);
	work.histogram = mmstats_add_histogram(stats, "histogram", NULL);
	work.timer = mmstats_add_timer(stats, "timer", NULL);
	work.updates = updates;
	for (i = 0; i < THREADS; i++) {
		work.number = i;
		works[i] = work;
		CHECK(pthread_create(&ids[i], NULL, update, &works[i]) == 0);
	}
	for (i = 0; i < THREADS; i++)
		CHECK(pthread_join(ids[i], NULL) == 0);
	CHECK(mmstats_counter_value(work.counter) == all);
	CHECK(mmstats_updown_value(work.updown) == (int64_t)all / 2);
	CHECK(mmstats_gauge_value(work.gauge) == (double)all && mmstats_gauge_value_u64(work.small) == all);
	CHECK(mmstats_average_count(work.average) == all && mmstats_average_value(work.average) == 1);
	CHECK(mmstats_moving_average_value(work.moving) == 1);
	CHECK(mmstats_recent_count(work.recent) == all && mmstats_window_max(work.window) == 1);
	CHECK(mmstats_histogram_count(work.histogram) == all && mmstats_timer_count(work.timer) == all);
	CHECK(mmstats_bool_value(work.flag) && mmstats_timestamp_value(work.timestamp) == 1);
	say(mmstats_path(stats));
	wait_for_a_line();
	mmstats_close(stats);
}

static void *race_along(void *argument)
{
	int i;

	for (i = 0; i < 1000; i++)
		mmstats_counter_incr((mmstats_counter *)argument);
	return NULL;
}

/* What a program must not do: threads update a handle that is for one. ThreadSanitizer has to find it. */
static void race(const char *dir, long unused)
{
	mmstats *stats = create_in(dir, "race.mmstats", false);
	mmstats_counter *counter = mmstats_add_counter(stats, "counter", NULL);
	pthread_t ids[2];

	(void)unused;
	CHECK(pthread_create(&ids[0], NULL, race_along, counter) == 0);
	CHECK(pthread_create(&ids[1], NULL, race_along, counter) == 0);
	CHECK(pthread_join(ids[0], NULL) == 0 && pthread_join(ids[1], NULL) == 0);
	mmstats_close(stats);
}

/* All that needs nobody who looks. */
static void all(const char *dir, long unused)
{
	(void)unused;
	errors(dir, 0);
	values(dir, 0);
	values(dir, 1);
	held(dir, 0);
	held(dir, 1);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(const char *dir, long number);
	} parts[] = {
		{"all", all}, {"full", full}, {"golden", golden}, {"fork", forks}, {"threads", threads},
		{"race", race},
	};
	size_t i;

	for (i = 0; argc == 4 && i < sizeof parts / sizeof *parts; i++) {
		if (strcmp(argv[1], parts[i].name) == 0) {
			parts[i].run(argv[2], strtol(argv[3], NULL, 10));
			return 0;
		}
	}
	fprintf(stderr, "usage: program PART DIRECTORY NUMBER\n");
	return 2;
}

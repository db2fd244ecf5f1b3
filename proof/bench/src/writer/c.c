/* For each line with a number on stdin: so many of each kind of update, and a line with the seconds of
 * one of each. With MMSTATS the library of ours is measured, with PCP that of PCP. */
#include <stdio.h>
#include <stdlib.h>
#include <stdint.h>
#include <time.h>
#ifdef MMSTATS
#include <mmstats.h>
#endif
#ifdef PCP
#include <pcp/pmapi.h>
#include <pcp/mmv_stats.h>
#endif

static double now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec * 1e-9;
}

#define MEASURE(update) \
	do { \
		double start = now(); \
		for (long i = 0; i < n; i++) \
			update; \
		printf(" %.17g", (now() - start) / n); \
	} while (0)

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
#ifdef MMSTATS
	mmstats_options *options = mmstats_options_new();
	mmstats_options_dir(options, argv[1]);
	mmstats *stats = mmstats_create(options);
	mmstats_options_shared(options, true);
	mmstats *shared = mmstats_create(options);
	mmstats_options_free(options);
	mmstats_counter *hits = mmstats_add_counter(stats, "hits", NULL);
	mmstats_counter *together = mmstats_add_counter(shared, "hits", NULL);
	mmstats_gauge *depth = mmstats_add_gauge(stats, "depth", NULL);
	mmstats_histogram *sizes = mmstats_add_histogram(stats, "sizes", NULL);
	if (hits == NULL || together == NULL || depth == NULL || sizes == NULL)
		return 1;
#endif
#ifdef PCP
	mmv_registry_t *registry = mmv_stats_registry("bench", 42, 0);
	pmUnits count = MMV_UNITS(0, 0, 1, 0, 0, PM_COUNT_ONE);
	pmUnits none = MMV_UNITS(0, 0, 0, 0, 0, 0);
	if (registry == NULL)
		return 1;
	mmv_stats_add_metric(registry, "count", 1, MMV_TYPE_U64, MMV_SEM_COUNTER, count, 0, "", "");
	mmv_stats_add_metric(registry, "level", 2, MMV_TYPE_DOUBLE, MMV_SEM_INSTANT, none, 0, "", "");
	void *map = mmv_stats_start(registry);
	if (map == NULL)
		return 1;
	pmAtomValue *counter = mmv_lookup_value_desc(map, "count", "");
	pmAtomValue *level = mmv_lookup_value_desc(map, "level", "");
	if (counter == NULL || level == NULL)
		return 1;
#endif
	printf("0\n");
	fflush(stdout);
	char line[64];
	static volatile uint64_t plain;
	while (fgets(line, sizeof line, stdin) != NULL) {
		long n = atol(line);
		MEASURE(plain = plain + 1);
#ifdef MMSTATS
		MEASURE(mmstats_counter_incr(hits));
		MEASURE(mmstats_gauge_set(depth, i));
		MEASURE(mmstats_histogram_record(sizes, i));
		MEASURE(mmstats_counter_incr(together));
#endif
#ifdef PCP
		MEASURE(mmv_inc(map, counter));
		MEASURE(mmv_inc_value(map, counter, 1));
		MEASURE(mmv_set_value(map, level, i));
#endif
		printf("\n");
		fflush(stdout);
	}
	return 0;
}

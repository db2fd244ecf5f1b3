/* For each line with a number on stdin: so many of each kind of update, and a line with the seconds of
 * one of each. */
#include <stdio.h>
#include <stdlib.h>
#include <stdint.h>
#include <time.h>
#include <pcp/pmapi.h>
#include <pcp/mmv_stats.h>

static double now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec * 1e-9;
}

int main(void)
{
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
	printf("0\n");
	fflush(stdout);
	char line[64];
	static volatile uint64_t plain;
	while (fgets(line, sizeof line, stdin) != NULL) {
		long n = atol(line);
		double start = now();
		for (long i = 0; i < n; i++)
			plain = plain + 1;
		double added = now();
		for (long i = 0; i < n; i++)
			mmv_inc(map, counter);
		double incremented = now();
		for (long i = 0; i < n; i++)
			mmv_inc_value(map, counter, 1);
		double valued = now();
		for (long i = 0; i < n; i++)
			mmv_set_value(map, level, i);
		double set = now();
		printf("%.17g %.17g %.17g %.17g\n", (added - start) / n, (incremented - added) / n,
		       (valued - incremented) / n, (set - valued) / n);
		fflush(stdout);
	}
	return 0;
}

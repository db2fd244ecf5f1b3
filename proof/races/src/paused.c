/*
 * Writes a file of version 2 with one field, as mmstats(5) has it, and stops for a moment between its stores, as a
 * process does that loses its processor. Ends with its parent.
 *
 * paused PATH text SIZE LENGTH | mean 0 0 | window SECONDS 0 | recent KEPT 0 | histogram BUCKETS 0
 *
 * What the values are, `kinds.rs` says.
 */
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define FILE_SIZE (64 * 1024)
/* The only record is at 8, the value behind it on a cache line. */
#define VALUE_AT 64
#define STEP 65536
#define FACTOR 0x9E3779B97F4A7C15ull
#define STAMP_FACTOR 0xC2B2AE3D27D4EB4Full
#define MAX_FACTOR 0xD6E8FEB86659FD93ull

static _Atomic uint64_t *value;

static void release(void)
{
    atomic_thread_fence(memory_order_release);
}

static uint64_t nanoseconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* A look takes some hundred nanoseconds. A pause is dangerous that begins in one and ends in another; one in some
 * thousand is as long as a process waits for its turn. */
static void pause_shortly(void)
{
    static uint32_t random = 1;
    random ^= random << 13, random ^= random >> 17, random ^= random << 5;
    uint64_t length = random % 4096 == 0 ? 100000 : 400 + random % 400;
    for (uint64_t end = nanoseconds(CLOCK_MONOTONIC) + length; nanoseconds(CLOCK_MONOTONIC) < end;)
        ;
}

static void store(size_t word, uint64_t to)
{
    atomic_store_explicit(&value[word], to, memory_order_relaxed);
}

static uint64_t bits(double number)
{
    uint64_t bits;
    memcpy(&bits, &number, 8);
    return bits;
}

static uint64_t rotate(uint64_t word, int by)
{
    return word << by | word >> (64 - by);
}

/* The word that has these two, the first at the lower address. */
static uint64_t pair(uint32_t first, uint32_t second)
{
    uint32_t both[] = {first, second};
    uint64_t word;
    memcpy(&word, both, 8);
    return word;
}

static double added(uint64_t n)
{
    return (double)(1 + (n - 1) / STEP);
}

/* Pauses before one of so many stores, another each time. */
static int is_here(uint64_t n, size_t store, size_t stores)
{
    return n * 7 % stores == store;
}

static void text(uint64_t n, size_t size, size_t length)
{
    size_t words = (size + 7) / 8, at = 1 + n % 2 * (1 + words);
    release();
    store(at, pair((uint32_t)length, 0));
    for (size_t word = 0; word * 8 < length; word++) {
        if (is_here(n, word, words))
            pause_shortly();
        char letters[8];
        memset(letters, (int)('a' + n / 2 % 2), 8);
        uint64_t bytes;
        memcpy(&bytes, letters, 8);
        store(at + 1 + word, bytes);
    }
    if (n % 16 == 0)
        pause_shortly();
    atomic_store_explicit(&value[0], pair((uint32_t)n, (uint32_t)size), memory_order_release);
}

static void mean(uint64_t n)
{
    static double sum;
    sum += added(n);
    size_t at = (n - 1) % 2 * 3;
    uint64_t words[] = {bits(sum), n, bits(sum) ^ n * FACTOR};
    release();
    for (size_t word = 0; word < 3; word++) {
        if (is_here(n, word, 3))
            pause_shortly();
        store(at + word, words[word]);
    }
}

struct second {
    uint64_t stamp;
    double sum;
    uint64_t count;
    double max;
};

static void slot(uint64_t n, size_t at, const struct second *second)
{
    uint64_t sum = bits(second->sum), max = bits(second->max);
    uint64_t check = second->stamp * STAMP_FACTOR ^ rotate(sum, 13) ^ second->count * FACTOR ^
                     rotate(max, 29) * MAX_FACTOR;
    uint64_t words[] = {second->stamp, sum, second->count, max, check};
    release();
    for (size_t word = 0; word < 5; word++) {
        if (is_here(n, word, 5))
            pause_shortly();
        store(at + word, words[word]);
    }
}

static void window(uint64_t n, size_t seconds)
{
    static struct second current;
    uint64_t stamp = nanoseconds(CLOCK_MONOTONIC) / 1000000000 + 1;
    double number = added(n);
    if (stamp > current.stamp) {
        /* It happens once in a second, so it takes its time. */
        if (current.stamp > 0)
            slot(n, 11 + current.stamp % seconds * 5, &current);
        for (int pauses = 0; pauses < 10000; pauses++)
            pause_shortly();
        current = (struct second){stamp, 0, 0, number};
    }
    current.sum += number, current.count += 1;
    if (number > current.max)
        current.max = number;
    slot(n, 1 + (n - 1) % 2 * 5, &current);
}

static void recent(uint64_t n, size_t kept)
{
    release();
    if (is_here(n, 0, 2))
        pause_shortly();
    store(1 + (n - 1) % (kept + 1), bits((double)n));
    if (is_here(n, 1, 2))
        pause_shortly();
    atomic_store_explicit(&value[0], n, memory_order_release);
}

static void histogram(uint64_t n, size_t buckets)
{
    static uint64_t counts[4096], sum, max;
    uint64_t number = n % buckets;
    size_t words[] = {4 + number, 1, 2, 0};
    sum += number;
    if (number > max)
        max = number;
    uint64_t values[] = {++counts[number], sum, max, n};
    for (size_t word = 0; word < 4; word++) {
        if (is_here(n, word, 4))
            pause_shortly();
        atomic_store_explicit(&value[words[word]], values[word], memory_order_release);
    }
}

/* One field, and what its value begins with. */
static void field(char *map, uint16_t data, uint16_t metric, uint32_t size)
{
    uint16_t one = 1;
    char order = *(char *)&one == 1 ? 1 : 2, label[] = "v.0000";
    uint32_t first = 8, place = VALUE_AT, record = 24 + 8;
    uint16_t type = 1, label_size = 6;
    map[0] = 2, map[1] = order;
    memcpy(map + 4, &first, 4);
    char *at = map + first;
    memcpy(at + 4, &type, 2);
    memcpy(at + 6, &data, 2);
    memcpy(at + 8, &metric, 2);
    memcpy(at + 10, &label_size, 2);
    memcpy(at + 12, &place, 4);
    memcpy(at + 16, &size, 4);
    memcpy(at + 24, label, 6);
    atomic_store_explicit((_Atomic uint32_t *)at, record, memory_order_release);
}

int main(int count, char **arguments)
{
    if (count != 5)
        return 2;
    pid_t parent = getppid();
    char mode = *arguments[2];
    size_t size = strtoul(arguments[3], NULL, 10), length = strtoul(arguments[4], NULL, 10);
    int fd = open(arguments[1], O_CREAT | O_TRUNC | O_RDWR, 0644);
    if (fd < 0 || ftruncate(fd, FILE_SIZE) != 0)
        return 1;
    char *map = mmap(NULL, FILE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED)
        return 1;
    value = (_Atomic uint64_t *)(map + VALUE_AT);
    switch (mode) {
    case 't':
        store(0, pair(0, (uint32_t)size));
        store(1, pair((uint32_t)length, 0));
        memset(map + VALUE_AT + 16, 'a', length);
        field(map, 12, 4, (uint32_t)(8 + 2 * (8 + (size + 7) / 8 * 8)));
        break;
    case 'm':
        field(map, 14, 5, 48);
        break;
    case 'w':
        store(0, pair((uint32_t)size, 0));
        field(map, 17, 7, (uint32_t)(88 + 40 * size));
        break;
    case 'r':
        field(map, 15, 8, (uint32_t)(16 + 8 * size));
        break;
    default:
        store(3, pair(5, 42));
        field(map, 16, 6, 32 + 8 * ((42 - 5 + 1) << 5));
    }
    puts("ready");
    fflush(stdout);
    for (uint64_t n = 1; getppid() == parent;)
        for (int left = 1000; left > 0; left--, n++)
            switch (mode) {
            case 't':
                text(n, size, length);
                break;
            case 'm':
                mean(n);
                break;
            case 'w':
                window(n, size);
                break;
            case 'r':
                recent(n, size);
                break;
            default:
                histogram(n, size);
            }
    return 0;
}

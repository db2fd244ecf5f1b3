/*
 * Writes as the original does, which is CPython's ctypes: fields packed without padding, plain stores of
 * the same sizes in the same order. Ends with its parent.
 *
 * packed PATH MODE CODE SIZE BUFFERS LENGTH UNIT LENGTHS FIELDS BOUNDARY
 *
 * In mode `paused` it stores text as this library does, with a count of its updates in the last four bytes,
 * and stops for a moment in the middle of it, as a process does that loses its processor.
 *
 * What the values are, `kinds.rs` says.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define FILE_SIZE (512 * 1024)
#define ADDED_SIZE (64 * 1024)
#define MOST 1000
#define STRETCH 10000
#define IN_ORDER __asm__ volatile("" ::: "memory")
#define RELEASE __atomic_thread_fence(__ATOMIC_RELEASE)

struct field {
    volatile uint8_t *index;
    char *buffers;
};

/* From the command line. */
static const char *path, *mode, *code;
static size_t size, buffers, length, unit, lengths, fields, boundary;

static char *file(size_t bytes)
{
    int fd = open(path, O_CREAT | O_TRUNC | O_RDWR, 0644);
    if (fd < 0 || ftruncate(fd, (off_t)bytes) != 0)
        return MAP_FAILED;
    char *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return map;
}

static void size_at(char *at, size_t number)
{
    uint16_t bytes = (uint16_t)number;
    memcpy(at, &bytes, 2);
    IN_ORDER;
}

/* One field at `*at`, which moves on. The label is filled up with `dots`, and then with more until the
 * middle of the first value stands on a multiple of `boundary`, if there is one. */
static struct field add(char *map, size_t *at, const char *name, size_t dots)
{
    char label[8192];
    size_t label_length = strlen(name), code_length = strlen(code);
    memcpy(label, name, label_length);
    while (dots-- > 0)
        label[label_length++] = '.';
    while (boundary && (*at + 2 + label_length + 2 + code_length + 1 + size / 2) % boundary)
        label[label_length++] = '.';
    char *p = map + *at;
    size_at(p, label_length);
    memcpy(p + 2, label, label_length);
    IN_ORDER;
    size_at(p + 2 + label_length, code_length);
    memcpy(p + 4 + label_length, code, code_length);
    IN_ORDER;
    p += 4 + label_length + code_length;
    struct field field = {(volatile uint8_t *)p, p + 1};
    *field.index = buffers == 2 ? 0 : 255;
    *at = (size_t)(field.buffers + buffers * size - map);
    return field;
}

static inline __attribute__((always_inline)) void set(struct field *field, const void *value, size_t bytes)
{
    if (buffers == 1) {
        memcpy(field->buffers, value, bytes);
        IN_ORDER;
        return;
    }
    memcpy(field->buffers + *field->index * size, value, bytes);
    IN_ORDER;
    *field->index ^= 1;
    IN_ORDER;
}

static inline __attribute__((always_inline)) void set_all(struct field *all, const void *value, size_t bytes)
{
    for (size_t n = 0; n < fields; n++)
        set(&all[n], value, bytes);
}

static uint64_t nanoseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* A look takes some hundred nanoseconds. A pause is dangerous that begins in one and ends in another. */
static void pause_shortly(void)
{
    static uint32_t random = 1;
    random ^= random << 13, random ^= random >> 17, random ^= random << 5;
    for (uint64_t end = nanoseconds() + 400 + random % 400; nanoseconds() < end;)
        ;
}

static void set_paused(struct field *field, const char *value, size_t bytes, uint32_t count)
{
    char *target = field->buffers + *field->index * size;
    RELEASE;
    memcpy(target + size - 4, &count, 4);
    RELEASE;
    memcpy(target, value, bytes / 2);
    IN_ORDER;
    pause_shortly();
    memcpy(target + bytes / 2, value + bytes / 2, bytes - bytes / 2);
    RELEASE;
    *field->index ^= 1;
}

static void number(struct field *all, uint64_t n)
{
    if (*code == 'd')
        n &= 0x3fffffff;
    uint64_t half = n & ((1ull << length) - 1), value = half << length | half;
    switch (size) {
    case 2:
        set_all(all, &value, 2);
        break;
    case 4:
        set_all(all, &value, 4);
        break;
    default:
        set_all(all, &value, 8);
    }
}

static void text(struct field *all, uint64_t n)
{
    static char text[256 + 8];
    char letters[8];
    for (int at = 0; at < 8; at++)
        letters[at] = (char)(*mode != 'm' ? 'a' + n / buffers % 2 : '0' + (n >> (unit == 8 ? 6 * at : 0) & 63));
    size_t now = length - (size_t)(letters[0] - '0') % lengths;
    for (size_t at = 0; at < now; at += 8)
        memcpy(text + at, letters, 8);
    text[now] = 0;
    if (*mode == 'p') {
        for (size_t field = 0; field < fields; field++)
            set_paused(&all[field], text, now + 1, (uint32_t)n);
        return;
    }
    set_all(all, text, now < size ? now + 1 : size);
}

static int values(pid_t parent)
{
    static struct field all[MOST];
    char *map = file(FILE_SIZE), label[32];
    if (map == MAP_FAILED || fields > MOST)
        return 1;
    size_t at = 1;
    map[0] = 1;
    for (size_t n = 0; n < fields; n++) {
        snprintf(label, sizeof label, "v.%04zu", n);
        /* Labels of many lengths, so that values fall anywhere. */
        all[n] = add(map, &at, label, n % 64);
    }
    void (*round)(struct field *, uint64_t) = *mode == 'n' ? number : text;
    round(all, 0);
    round(all, 0);
    puts("ready");
    fflush(stdout);
    for (uint64_t n = 1; getppid() == parent;)
        for (size_t left = STRETCH / fields + 1; left > 0; left--)
            round(all, n++);
    return 0;
}

static int added(pid_t parent)
{
    for (int round = 0; getppid() == parent; round++) {
        char *map = file(ADDED_SIZE), label[32];
        if (map == MAP_FAILED)
            return 1;
        size_t at = 1;
        map[0] = 1;
        for (size_t n = 0; n < fields; n++) {
            snprintf(label, sizeof label, "field.%04zu", n);
            struct field field = add(map, &at, label, 0);
            set(&field, "whole", 6);
        }
        munmap(map, ADDED_SIZE);
        if (round == 0) {
            puts("ready");
            fflush(stdout);
        }
    }
    return 0;
}

int main(int count, char **arguments)
{
    if (count != 11)
        return 2;
    pid_t parent = getppid();
    path = arguments[1];
    mode = arguments[2];
    code = arguments[3];
    size_t *numbers[] = {&size, &buffers, &length, &unit, &lengths, &fields, &boundary};
    for (int n = 0; n < 7; n++)
        *numbers[n] = strtoul(arguments[4 + n], NULL, 10);
    return *mode == 'a' ? added(parent) : values(parent);
}

/*
 * libFuzzer harness: one parser of tiny-reaper, its JSON writer or its printf, by the environment's TARGET: duration, float, signal, list, rewrite, status,
 * json, print.
 * Input bytes are a C string (json: a command's arguments, separated by NUL). With PRINT set, json prints what was written, for another parser to judge.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <math.h>
#include <setjmp.h>
#include <stdio.h>
#include <unistd.h>

static jmp_buf refused;
#define main tiny_reaper_main
#define _exit(status) longjmp(refused, 1 + (status))            /* die() */
#include "../../tiny-reaper.c"
#undef main
#undef _exit

static const char *target = "";

#define CHECK(condition) do { if (!(condition)) { fprintf(stderr, "not true: %s\n", #condition); abort(); } } while (0)

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    if (getenv("TARGET"))
        target = getenv("TARGET");
    return 0;
}

/* What a duration is, written once more, by another hand: false, or its value as nanoseconds, roughly. */
static bool reference(const char *text, long double *result)
{
    bool units = false;
    *result = 0;
    if (strcmp(text, "infinity") == 0)
        return true;
    if (!*text)
        return false;
    while (*text) {
        long double number = 0, place = 1, unit;
        if ((*text < '0' || *text > '9') && (*text != '.' || text[1] < '0' || text[1] > '9'))
            return false;
        while (*text >= '0' && *text <= '9')
            number = number * 10 + (*text++ - '0');
        if (*text == '.') {
            text++;
            while (*text >= '0' && *text <= '9')
                number += (*text++ - '0') * (place /= 10);
        }
        if (*text == 'm' && text[1] == 's')
            unit = 1e6L, text += 2;
        else if (*text == 's')
            unit = 1e9L, text++;
        else if (*text == 'm')
            unit = 60e9L, text++;
        else if (*text == 'h')
            unit = 3600e9L, text++;
        else if (*text == 'd')
            unit = 86400e9L, text++;
        else if (*text == '\0' && !units)
            unit = 1e9L;
        else
            return false;
        units = true;
        *result += number * unit;
    }
    return true;
}

/* Is DURATION what was EXPECTED, in nanoseconds, or the longest where that is too much? */
static void check_near(int64_t duration, long double expected, long double share, long double most)
{
    if (expected >= 9.3e18L)
        CHECK(duration == FOREVER);
    else if (expected < 9.1e18L)
        CHECK(fabsl(expected - (long double)duration) <= expected * share + most);
}

/* timeout's durations beside libc's strtod, in the C locale. */
static void fuzz_float(const char *text)
{
    int64_t duration = -1;
    char *end;
    bool valid = parse_duration(text, true, &duration);
    double expected = strtod(text, &end);
    long double unit = *end == 'm' ? 60 : *end == 'h' ? 3600 : *end == 'd' ? 86400 : 1;
    bool taken = end != text && !isnan(expected) && expected >= 0 && !(*end && (end[1] || !strchr("smhd", *end)));
    /* Minus something that strtod rounds to zero is below zero all the same. */
    CHECK(valid == taken || (taken && !valid && strchr(text, '-') && expected == 0 && signbit(expected)));
    if (!valid)
        return;
    CHECK(duration >= 0);
    if (expected > 0 && !(strpbrk(text, "eEpP") && expected < 1e-200))
        CHECK(duration > 0);
    check_near(duration, expected * unit * 1e9L, 1e-12L, 2);
}

static void fuzz_duration(const char *text)
{
    int64_t duration = -1;
    long double expected;
    bool valid = parse_duration(text, false, &duration);
    CHECK(valid == reference(text, &expected));
    if (!valid)
        return;
    CHECK(duration >= 0);
    check_near(duration, expected, 1e-9L, 100 * (long double)strlen(text));
    if (strcmp(text, "infinity") != 0 && strpbrk(text, "123456789"))
        CHECK(duration > 0);
}

static void fuzz_signal(const char *text)
{
    int sig = parse_signal(text);
    CHECK(sig == -1 || (sig >= 1 && sig <= SIGNALS));
    if (sig > 0)
        CHECK(parse_signal(NAME(sig)) == sig);
}

static void fuzz_list(const char *text)
{
    parse_signals(text);
    CHECK(opt.nsignals >= 1 && opt.nsignals <= SIGNALS);
    for (size_t i = 0; i < opt.nsignals; i++)
        CHECK(opt.signals[i] >= 1 && opt.signals[i] <= SIGNALS);
    size_t commas = 0;
    for (; *text; text++)
        commas += *text == ',';
    CHECK(opt.nsignals == commas + 1);
}

static void fuzz_rewrite(const char *text)
{
    for (int sig = 0; sig <= SIGNALS; sig++)
        opt.rewrite[sig] = (unsigned char)sig;
    parse_rewrite(text, false);
    int changed = 0;
    for (int sig = 0; sig <= SIGNALS; sig++) {
        CHECK(opt.rewrite[sig] <= SIGNALS);
        changed += opt.rewrite[sig] != sig;
    }
    CHECK(changed <= 1 && opt.rewrite[0] == 0 && opt.rewrite[SIGKILL] == SIGKILL && opt.rewrite[SIGSTOP] == SIGSTOP);
}

static void fuzz_status(const char *text)
{
    memset(opt.success_status, 0, sizeof opt.success_status);
    memset(opt.success_signal, 0, sizeof opt.success_signal);
    parse_success(text);
    CHECK(!opt.success_signal[0]);
    CHECK(memchr(opt.success_status, 1, sizeof opt.success_status) || memchr(opt.success_signal, 1, sizeof opt.success_signal));
}

/* The text as map_run() lays it out: it must fit. */
static void fuzz_json(const uint8_t *data, size_t size)
{
    enum { MOST = 64 };
    char *words[MOST + 1], *copy = malloc(size + 1);
    size_t n = 0, room = 64;
    memcpy(copy, data, size);
    copy[size] = '\0';
    for (char *word = copy; n < MOST && word <= copy + size; word += strlen(word) + 1) {
        words[n++] = word;
        room += 8 * strlen(word) + 16;
    }
    words[n] = NULL;
    opt.command = words;
    char *buffer = malloc(room);
    struct text text = {buffer, buffer + room};
    put_command(&text);
    CHECK(text.at < text.end - 1 && strlen(buffer) == (size_t)(text.at - buffer));
    if (getenv("PRINT"))
        printf("{%s}\n", buffer);
    else
        CHECK(buffer[0] == '"' && text.at[-1] == ']');
    free(buffer);
    free(copy);
}

/* print() beside snprintf(3), and put_ipv6() beside inet_ntop(3). Bytes: a number, what to do with it, width, precision, room, a string. */
static void fuzz_print(const uint8_t *data, size_t size)
{
    static const char *const CONVERSIONS[] = {"c", "d", "ld", "lld", "u", "lu", "llu", "x", "lx", "llx"};
    char format[32], ours[128], theirs[128], string[64] = "", at_most[8] = "";
    unsigned long long number;
    if (size < 16)
        return;
    memcpy(&number, data, sizeof number);
    unsigned which = data[8] % 16, width = data[9] % 40, room = 1 + data[11] % 100;
    bool is_string = which > 9, star = data[12] & 1;
    const char *flag = data[12] & 2 ? "-" : data[12] & 4 && which > 0 && !is_string ? "0" : "";
    memcpy(string, data + 13, size - 13 < 60 ? size - 13 : 60);
    if (is_string && data[10] & 1)
        snprintf(at_most, sizeof at_most, ".%d", data[10] / 4);
    char digits[8] = "";
    if (star || width)
        snprintf(digits, sizeof digits, star ? "*" : "%u", width);
    snprintf(format, sizeof format, "<%%%s%s%s%s>", flag, digits, at_most, is_string ? "s" : CONVERSIONS[which]);
    memset(ours, 7, sizeof ours);
    memset(theirs, 7, sizeof theirs);
#define BOTH(value) \
    (star ? print(ours, room, format, (int)width, value) == (size_t)snprintf(theirs, room, format, (int)width, value) \
          : print(ours, room, format, value) == (size_t)snprintf(theirs, room, format, value))
    bool same = is_string ? BOTH(string) : strncmp(CONVERSIONS[which], "ll", 2) == 0 ? BOTH(number)
                : CONVERSIONS[which][0] == 'l' ? BOTH((unsigned long)number) : BOTH((unsigned)number);
    CHECK(same && memcmp(ours, theirs, sizeof ours) == 0);

    static const uint8_t NONE[12];
    struct text text = {ours, ours + sizeof ours};
    put_ipv6(&text, data);
    inet_ntop(AF_INET6, data, theirs, sizeof theirs);
    bool compatible = memcmp(data, NONE, sizeof NONE) == 0 && (data[12] || data[13]);       /* as ::1.2.3.4 there; RFC 4291: deprecated */
    CHECK(compatible || strcmp(ours, theirs) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (strcmp(target, "print") == 0) {
        fuzz_print(data, size);
        return 0;
    }
    if (strcmp(target, "json") == 0) {
        fuzz_json(data, size);
        return 0;
    }
    char *text = malloc(size + 1);                  /* of its own size: ASan sees each byte behind it */
    memcpy(text, data, size);
    text[size] = '\0';
    if (setjmp(refused) == 0) {
        if (strcmp(target, "duration") == 0)
            fuzz_duration(text);
        else if (strcmp(target, "float") == 0)
            fuzz_float(text);
        else if (strcmp(target, "signal") == 0)
            fuzz_signal(text);
        else if (strcmp(target, "list") == 0)
            fuzz_list(text);
        else if (strcmp(target, "rewrite") == 0)
            fuzz_rewrite(text);
        else if (strcmp(target, "status") == 0)
            fuzz_status(text);
        else
            abort();
    }
    free(text);
    return 0;
}

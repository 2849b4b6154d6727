/*
 * tiny-reaper - run a command, and leave nothing of it behind.
 *
 * Two processes stand between the caller and the command (one with -G, or as PID 1):
 *
 *      caller                      a shell, a container engine, a CI runner
 *        |
 *      outer     "tiny-reaper"     in the caller's process group (the job), a subreaper: the guard
 *        |
 *      inner     "tiny-supervisor" leads a group of its own, a subreaper: the supervisor
 *        |
 *      command                     leads a group of its own: what it starts, at any depth, comes to inner as orphans
 *
 * Who is signalled, and what follows:
 *   a signal to outer     blocked from the first instruction on; sigwaitinfo() takes it, kill() passes it to inner, and inner passes it
 *                         to the command's group. Inner is out of the job before outer passes anything on (run->ready), so nothing comes twice.
 *   the alarm             a timer of inner's own; phases: RUNNING, ASKED, ENDING, CLEARING, KILLING, OVER (enter() is the only way between them)
 *   the command stops     inner asks outer to stop in the same way (run->stop), and never stops itself, so the limit runs on
 *   outer is killed       inner's parent-death signal (a CHLD) wakes it: getppid() differs: KILL to everything, at once
 *   inner is killed       its children are outer's now (subreaper): KILL to everything, at once; outer then dies by KILL as well
 *   both are killed       the command's parent-death signal is KILL; what the command started goes on (no tool could know of it)
 *
 * Killed between any two calls of the start: before inner has armed its parent-death signal it finds itself with another parent, and
 * leaves; the same holds for the command's side of the fork; from then on the kernel's signal is on its way, whatever comes.
 *
 * What both processes know lies in one shared page, struct run, so that the survivor can finish the work and write the report. It is a level, not
 * an event: a wake-up (a queued CHLD) may merge with another, since whoever wakes looks at all of it.
 */
#define _GNU_SOURCE
#define _TIME_BITS 64
#define _FILE_OFFSET_BITS 64
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define VERSION "1.0.0"

#ifndef RWF_NOWAIT
#define RWF_NOWAIT 8
#endif
#ifndef SYS_rt_sigtimedwait
#define SYS_rt_sigtimedwait SYS_rt_sigtimedwait_time64
#endif

enum {
    TIMED_OUT = 124, FAILED = 125, CANNOT_RUN = 126, NOT_FOUND = 127, TIMED_OUT_KILLED = 137,   /* exit statuses, as timeout(1) has them */
    SIGNALS = 64,                                   /* the kernel's signals are 1 to 64, whatever libc keeps for itself */
    FIRST_REALTIME = 34,                            /* what glibc calls SIGRTMIN; the kernel's 32 and 33 are libc's own */
    LINE = 1024,                                    /* the longest message, in bytes */
    PIDS = 1 << 22,                                 /* PID_MAX_LIMIT of a 64-bit kernel */
};

static const int64_t SECOND = 1000000000, FOREVER = INT64_MAX, DEFAULT_GRACE = 5 * 1000000000LL;    /* nanoseconds */

/* ---------------------------------------------------------------- tables */

static const struct option_row {
    char letter;
    const char *name, *argument, *help;
} OPTIONS[] = {
    {'t', "timeout",         "DURATION",             "limit the command's lifetime"},
    {'s', "signal",          "SIG[,SIG]...",         "the signals that end it, in turn (default TERM)"},
    {'k', "kill-after",      "DURATION",             "time given to each of them, the last before KILL (default 5s; 0: never)"},
    {'p', "preserve-status", NULL,                   "at the time limit, exit with the command's status, not 124"},
    {'c', "single-child",    NULL,                   "forward signals to the command alone, not to its group"},
    {'r', "rewrite",         "FROM:TO",              "forward TO in place of FROM; TO 0 drops it; may be repeated"},
    {'e', "success-status",  "STATUS[,STATUS]...",   "exit 0 when the command ends so: 143, or TERM"},
    {'d', "die-with-parent", NULL,                   "end the command when the process that started tiny-reaper ends"},
    {'w', "wait",            NULL,                   "when the command ends, wait for what it left behind"},
    {'l', "leave",           NULL,                   "when the command ends, leave alone what it left behind"},
    {'G', "no-guard",        NULL,                   "run as one process: kill -9 of it leaves the command's children, and\n"
                                                     "a stop of the command stops the time limit too"},
    {'o', "report",          "FILE",                 "append one line of JSON about the run to FILE"},
    {'v', "verbose",         NULL,                   "say what is done, and at the limit what was still running"},
    {'h', "help",            NULL,                   "print this, and exit"},
    {'V', "version",         NULL,                   "print the version, and exit"},
};
enum { NOPTIONS = sizeof OPTIONS / sizeof OPTIONS[0] };

/* signal(7); a number's first name is the one that is printed. */
static const struct signal_row {
    int number;
    const char *name;
} SIGNAL_NAMES[] = {
    {SIGHUP, "HUP"}, {SIGINT, "INT"}, {SIGQUIT, "QUIT"}, {SIGILL, "ILL"}, {SIGTRAP, "TRAP"}, {SIGABRT, "ABRT"}, {SIGBUS, "BUS"},
    {SIGFPE, "FPE"}, {SIGKILL, "KILL"}, {SIGUSR1, "USR1"}, {SIGSEGV, "SEGV"}, {SIGUSR2, "USR2"}, {SIGPIPE, "PIPE"}, {SIGALRM, "ALRM"},
    {SIGTERM, "TERM"}, {SIGCHLD, "CHLD"}, {SIGCONT, "CONT"}, {SIGSTOP, "STOP"}, {SIGTSTP, "TSTP"}, {SIGTTIN, "TTIN"}, {SIGTTOU, "TTOU"},
    {SIGURG, "URG"}, {SIGXCPU, "XCPU"}, {SIGXFSZ, "XFSZ"}, {SIGVTALRM, "VTALRM"}, {SIGPROF, "PROF"}, {SIGWINCH, "WINCH"}, {SIGIO, "IO"},
    {SIGPWR, "PWR"}, {SIGSYS, "SYS"},
#ifdef SIGSTKFLT
    {SIGSTKFLT, "STKFLT"},
#endif
    {SIGABRT, "IOT"}, {SIGCHLD, "CLD"}, {SIGIO, "POLL"},
};
enum { NSIGNAL_NAMES = sizeof SIGNAL_NAMES / sizeof SIGNAL_NAMES[0] };

static const struct unit_row {
    const char *name;
    int64_t nanoseconds;
} UNITS[] = {           /* ms before m: the first match counts */
    {"ms", 1000000}, {"s", 1000000000}, {"m", 60000000000}, {"h", 3600000000000}, {"d", 86400000000000},
};
enum { NUNITS = sizeof UNITS / sizeof UNITS[0] };

/* ---------------------------------------------------------------- state */

/* A signal set as the kernel has it: musl's and glibc's functions hide 32 to 34, and 32 and 33. */
struct mask {
    unsigned long bits[SIGNALS / (8 * sizeof(unsigned long))];
};

/* What the user asked for; nobody writes to it once it is parsed. */
static struct options {
    int64_t limit, grace;                           /* nanoseconds; 0: none, never */
    const char *limit_text, *report;
    char **command;
    size_t nsignals;
    unsigned char signals[SIGNALS];                 /* those that end it, in turn */
    unsigned char rewrite[SIGNALS + 1];             /* 0: dropped */
    bool success_status[256], success_signal[SIGNALS + 1];
    bool grace_given, preserve_status, single_child, die_with_parent, wait, leave, no_guard, verbose;
} opt = {.grace = 5 * 1000000000LL, .nsignals = 1, .signals = {SIGTERM}};

enum outcome { NOT_STARTED, EXITED, SIGNALED, LIMIT, PARENT_DIED, GUARD_KILLED };

/* What is known about the run, in a page that outer and inner share: whoever survives has it all. */
static struct run {
    pid_t outer, inner, command, job;               /* inner is outer without a guard; job: our process group at the start, 0 if not in this namespace */
    int64_t started, termed;                        /* CLOCK_MONOTONIC: the start; when the group last got a TERM from here (0: never) */
    int64_t date;                                   /* CLOCK_REALTIME at the start */
    struct rusage before;                           /* of children from before the start (an exec'd shell's) */
    atomic_int ready;                               /* inner is out of the job, and has dropped what it got there */
    atomic_int stop;                                /* the signal that outer is asked to stop by, 0 when the command goes on */
    atomic_int stopping;                            /* outer is about to stop, or has stopped: inner's CONT has a purpose, and only then */
    atomic_int woken;                               /* a CHLD of outer's own is on its way to inner */
    atomic_int refused;                             /* the stop signal that the kernel did not carry out on outer */
    atomic_int parent_died;
    atomic_int done;                                /* inner has finished its work: outer only mirrors */
    atomic_int terminal;                            /* the command has the terminal, or wants it */
    const char *volatile failed_call;               /* what went wrong between fork and exec, and errno */
    volatile int failed_errno;
    bool ended;                                     /* the command is reaped: wait_status holds */
    bool timed_out, escalated, killed_command, tells_job, reported;
    int wait_status;
    enum outcome outcome;
    int exit_status, exit_signal;                   /* what outer leaves with */
    unsigned long reaped, cleared;                  /* orphans; of those, the ones that had to be ended */
    unsigned forwarded_count;
    unsigned char forwarded[SIGNALS];               /* in order of first arrival */
    size_t size, command_length, running_length;    /* of the mapping; of the report's texts in it */
    uint64_t stdin_ino;
    char text[];
} *run;

enum phase {
    RUNNING,            /* armed: the limit */
    ASKED,              /* a forwarded TERM, INT or QUIT, with -k given; armed: the grace */
    ENDING,             /* the signals of -s in turn; armed: the grace of each */
    CLEARING,           /* the command is gone, what it left behind has got TERM; armed: the grace */
    KILLING,            /* KILL to everything; armed: how long we wait for what cannot be killed */
    OVER,               /* nothing more can be done */
};

/* This process's own part. */
static struct self {
    pid_t looker;
    pid_t pid, parent, child;                       /* child: inner for outer, the command for inner */
    bool is_guard, child_gone, childless;           /* childless: wait4 said ECHILD */
    bool has_stderr, has_timer, alarm_fails;
    bool owes_chld;                                 /* a CHLD that somebody sent to the guard before inner was ready */
    bool spares;                                    /* there are children from before the start */
    bool blind, told_of_children;                   /* no /proc to find the children in; no list of them */
    bool due;                                       /* a child has ended: time for a sweep */
    bool had_terminal;                              /* the command, when it ended */
    bool hung_up;                                   /* it asked for a terminal that it cannot have, and was told by HUP */
    bool stopped_outer;                             /* by SIGSTOP, as the command was */
    bool member_waits;                              /* another member of the job has asked for the terminal when it was not to be had */
    enum phase phase;
    size_t step;                                    /* in ENDING: which of opt.signals */
    timer_t timer;
    int64_t deadline;                               /* of the armed timer, 0: none */
    long left;                                      /* children at the last sweep */
    int sweep_signal, report_fd;
    struct mask inherited_mask;
    struct sigaction inherited_chld;
} self;                                            /* all zero: it costs no byte of the file */

/* Children from before the start, and processes that have got their TERM: one bit a pid. Untouched pages of these cost nothing. */
static unsigned char spared_pids[PIDS / 8], told_pids[PIDS / 8];

static bool is_inner(void) { return self.pid != run->outer; }

static bool bit(const unsigned char *set, pid_t pid) { return set[pid / 8] >> pid % 8 & 1; }
static void set_bit(unsigned char *set, pid_t pid) { set[pid / 8] = (unsigned char)(set[pid / 8] | 1u << pid % 8); }

/* Touches the page only if there is something to clear. */
static void clear_bit(unsigned char *set, pid_t pid)
{
    if (bit(set, pid))
        set[pid / 8] = (unsigned char)(set[pid / 8] & ~(1u << pid % 8));
}

/* ---------------------------------------------------------------- text */

/* A text that grows in a buffer of fixed size, cut at its end, always terminated. */
struct text {
    char *at, *end;
};

static void put(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(text->at, (size_t)(text->end - text->at), format, arguments);
    va_end(arguments);
    if (n > 0)
        text->at += n < text->end - text->at ? n : text->end - text->at - 1;
}

/* The length of the UTF-8 sequence at AT, 0 if it is none. RFC 3629: neither overlong, nor a surrogate, nor beyond U+10FFFF. */
static size_t utf8_length(const unsigned char *at)
{
    size_t length = at[0] < 0x80 ? 1 : at[0] < 0xc2 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : at[0] < 0xf5 ? 4 : 0;
    for (size_t i = 1; i < length; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) || (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f))
        return 0;
    return length;
}

/* A JSON string (RFC 8259); a byte that is not UTF-8 becomes U+FFFD. Says whether there was none. */
static bool put_json(struct text *text, const char *string)
{
    bool valid = true;
    put(text, "\"");
    for (const unsigned char *at = (const unsigned char *)string; *at;) {
        const unsigned char *plain = at;
        size_t length = 0;
        while (*at >= ' ' && *at != '"' && *at != '\\' && *at != 0x7f && (length = utf8_length(at)) > 0)
            at += length;
        if (at > plain)
            put(text, "%.*s", (int)(at - plain), plain);
        else if (utf8_length(at) == 0)
            put(text, "\xef\xbf\xbd"), valid = false, at++;
        else
            put(text, *at == '"' || *at == '\\' ? "\\%c" : "\\u%04x", *at), at++;
    }
    put(text, "\"");
    return valid;
}

/* A signal's name without SIG, RTMIN+N, or a number; in BUFFER where it has to be made. */
static const char *signal_name(int sig, char buffer[static 16])
{
    for (size_t i = 0; i < NSIGNAL_NAMES; i++)
        if (SIGNAL_NAMES[i].number == sig)
            return SIGNAL_NAMES[i].name;
    snprintf(buffer, 16, sig == FIRST_REALTIME ? "RTMIN" : sig > FIRST_REALTIME ? "RTMIN+%d" : "%d", sig > FIRST_REALTIME ? sig - FIRST_REALTIME : sig);
    return buffer;
}
#define NAME(sig) signal_name(sig, (char[16]){0})

/* ---------------------------------------------------------------- messages */

/* Waits up to TIMEOUT (NULL: for ever) for a signal of SET: its number, or -1 (EAGAIN). sigtimedwait(2). */
static int take_signal(const struct mask *set, siginfo_t *info, const struct timespec *timeout)
{
    for (;;) {
        int sig = (int)syscall(SYS_rt_sigtimedwait, set, info, timeout, sizeof *set);
        if (sig > 0 || errno != EINTR)
            return sig;
    }
}

static struct mask mask_of(int sig)
{
    struct mask mask = {{0}};
    size_t width = 8 * sizeof mask.bits[0], index = (size_t)sig - 1;
    mask.bits[index / width] = 1ul << index % width;
    return mask;
}

/* Takes back a signal that this process has sent to itself, if it is still pending. */
static void discard(int sig)
{
    struct mask mask = mask_of(sig);
    siginfo_t info;
    take_signal(&mask, &info, &(struct timespec){0, 0});
}

/*
 * Writes to standard error and never waits: what a full pipe, a stopped terminal or a broken one does not take is lost.
 * poll() alone would not do: the command may fill the pipe between poll and write; so a pipe gets RWF_NOWAIT (Linux 6.4 on).
 */
static void write_stderr(const char *line, size_t length)
{
    struct pollfd ready = {.fd = STDERR_FILENO, .events = POLLOUT};
    struct iovec vector = {(char *)(uintptr_t)line, length};
    struct stat status;
    if (!self.has_stderr || poll(&ready, 1, 0) != 1 || ready.revents != POLLOUT || fstat(STDERR_FILENO, &status) != 0)
        return;
    ssize_t n = -1;
    errno = ENOTSUP;
    if (S_ISFIFO(status.st_mode))
        n = syscall(SYS_pwritev2, STDERR_FILENO, &vector, 1ul, -1ul, -1ul, RWF_NOWAIT);
    if (n < 0 && errno != EAGAIN && errno != EPIPE)
        n = write(STDERR_FILENO, line, length);
    if (n < 0 && errno == EPIPE)
        discard(SIGPIPE);                            /* ours, and thread-directed: one that somebody sent waits beside it */
}

static void vsay(const char *format, va_list arguments)
{
    char line[LINE] = "tiny-reaper: ";
    size_t head = strlen(line);
    int n = vsnprintf(line + head, sizeof line - head - 1, format, arguments);
    size_t length = n < 0 ? head : head + (size_t)n < sizeof line - 2 ? head + (size_t)n : sizeof line - 2;
    for (size_t i = 0; i < length; i++)             /* one line, whatever a name holds */
        if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
            line[i] = '?';
    line[length++] = '\n';
    write_stderr(line, length);
}

static void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void warn(const char *format, ...)
{
    int saved = errno;
    va_list arguments;
    va_start(arguments, format);
    vsay(format, arguments);
    va_end(arguments);
    errno = saved;
}

/* What only -v says. */
#define tell(...) do { if (opt.verbose) warn(__VA_ARGS__); } while (0)

static void report_not_started(int status);

/* Nothing was started: one line, the report, and the end of this process. */
static void die(int status, const char *format, ...) __attribute__((format(printf, 2, 3), noreturn));
static void die(int status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsay(format, arguments);
    va_end(arguments);
    report_not_started(status);
    _exit(status);
}

/* ---------------------------------------------------------------- parsing */

static int64_t add(int64_t a, int64_t b) { return a > FOREVER - b ? FOREVER : a + b; }

/* NUMBER as nanoseconds of UNIT, from a text of digits, point and digits; at least 1 unless it is zero, at most FOREVER. */
static int64_t scale(const char *number, size_t length, int64_t unit)
{
    int64_t whole = 0, fraction = 0, place = unit;
    bool after_point = false, zero = true;
    for (size_t i = 0; i < length; i++) {
        int64_t digit = number[i] - '0';
        if (number[i] == '.') {
            after_point = true;
            continue;
        }
        zero &= digit == 0;
        if (after_point)
            fraction += digit * (place /= 10);
        else
            whole = whole > (FOREVER - digit) / 10 ? FOREVER : whole * 10 + digit;
    }
    int64_t sum = whole > FOREVER / unit ? FOREVER : add(whole * unit, fraction);
    return sum == 0 && !zero ? 1 : sum;
}

/*
 * DURATION: `infinity`, or numbers with units, a lone number being seconds; in nanoseconds into *RESULT, `infinity` as 0.
 * Nothing here depends on the locale. False: not a duration.
 */
static bool parse_duration(const char *text, int64_t *result)
{
    const char *const digits = "0123456789";
    int64_t sum = 0;
    *result = 0;
    if (strcmp(text, "infinity") == 0)
        return true;
    for (const char *at = text; at == text || *at;) {
        size_t length = strspn(at, digits), unit = 0;
        if (length == 0)
            return false;
        if (at[length] == '.') {
            size_t places = strspn(at + length + 1, digits);
            if (places == 0)
                return false;
            length += 1 + places;
        }
        if (at == text && at[length] == '\0') {
            *result = scale(at, length, SECOND);
            return true;
        }
        while (unit < NUNITS && strncmp(at + length, UNITS[unit].name, strlen(UNITS[unit].name)) != 0)
            unit++;
        if (unit == NUNITS)
            return false;
        sum = add(sum, scale(at, length, UNITS[unit].nanoseconds));
        at += length + strlen(UNITS[unit].name);
    }
    *result = sum;
    return true;
}

/* A decimal number of 0 to MOST, nothing else in the text; -1: not that. */
static int parse_number(const char *text, int most)
{
    int number = 0;
    if (*text == '\0')
        return -1;
    for (; *text >= '0' && *text <= '9'; text++)
        if ((number = number * 10 + (*text - '0')) > most)
            return -1;
    return *text ? -1 : number;
}

/* SIG: a name with or without SIG in any case, RTMIN+N, RTMAX-N, or a number of 1 to 64; -1: none of these. */
static int parse_signal(const char *text)
{
    if (strncasecmp(text, "SIG", 3) == 0)
        text += 3;
    else if (*text >= '0' && *text <= '9')
        return parse_number(text, SIGNALS) ?: -1;
    for (size_t i = 0; i < NSIGNAL_NAMES; i++)
        if (strcasecmp(text, SIGNAL_NAMES[i].name) == 0)
            return SIGNAL_NAMES[i].number;
    bool from_low = strncasecmp(text, "RTMIN", 5) == 0, from_high = strncasecmp(text, "RTMAX", 5) == 0;
    int offset = 0, most = SIGNALS - FIRST_REALTIME;
    if (!from_low && !from_high)
        return -1;
    if (text[5] != '\0' && (text[5] != (from_low ? '+' : '-') || (offset = parse_number(text + 6, most)) < 0))
        return -1;
    return from_low ? FIRST_REALTIME + offset : SIGNALS - offset;
}

/* Copies the piece of a list up to the next SEPARATOR and moves *LIST behind it; false: no piece left, or one that is too long to mean anything. */
static bool next_piece(const char **list, char separator, char piece[static 32])
{
    if (*list == NULL)
        return false;
    const char *end = strchr(*list, separator);
    size_t length = end ? (size_t)(end - *list) : strlen(*list);
    if (length >= 32)
        length = 0;                                 /* an empty piece is refused by whoever parses it */
    memcpy(piece, *list, length);
    piece[length] = '\0';
    *list = end ? end + 1 : NULL;
    return true;
}

static const char SIGNAL_FORMS[] = "a name such as TERM or RTMIN+3, or a number from 1 to 64";

static void parse_signals(const char *text)
{
    char piece[32];
    opt.nsignals = 0;
    for (const char *list = text; next_piece(&list, ',', piece);) {
        int sig = parse_signal(piece);
        if (sig < 0 || opt.nsignals == SIGNALS)
            die(FAILED, "invalid signal list '%s': expected signals separated by commas, each %s", text, SIGNAL_FORMS);
        opt.signals[opt.nsignals++] = (unsigned char)sig;
    }
}

static void parse_rewrite(const char *text)
{
    char from[32], to[32];
    const char *list = text;
    int source = -1, target = -1;
    if (next_piece(&list, ':', from) && next_piece(&list, ':', to) && list == NULL) {
        source = parse_signal(from);
        target = strcmp(to, "0") == 0 ? 0 : parse_signal(to);
    }
    if (source < 0 || target < 0 || source == SIGKILL || source == SIGSTOP)
        die(FAILED, "invalid rewrite '%s': expected FROM:TO, each %s; FROM can't be KILL or STOP, and TO may be 0", text, SIGNAL_FORMS);
    opt.rewrite[source] = (unsigned char)target;
}

/* A number N is an exit with N and, above 128, a death by signal N - 128, as a shell sees it. */
static void parse_success(const char *text)
{
    char piece[32];
    for (const char *list = text; next_piece(&list, ',', piece);) {
        int number = parse_number(piece, 255), sig = number < 0 ? parse_signal(piece) : number - 128;
        if (number < 0 && sig < 0)
            die(FAILED, "invalid status list '%s': expected exit statuses from 0 to 255 or signal names, separated by commas", text);
        if (number >= 0)
            opt.success_status[number] = true;
        if (sig >= 1 && sig <= SIGNALS)
            opt.success_signal[sig] = true;
    }
}

static int64_t parse_option_duration(const char *name, const char *text)
{
    int64_t duration;
    if (!parse_duration(text, &duration))
        die(FAILED, "invalid duration '%s' for --%s: expected a number with ms, s, m, h or d, such as 90, 1.5h or 1h30m, or infinity", text, name);
    return duration;
}

/* Prints TEXT on standard output and ends; 125 where it can't be written, since --help >/dev/full is no success. */
static void print_and_exit(const char *text, size_t length) __attribute__((noreturn));
static void print_and_exit(const char *text, size_t length)
{
    for (size_t done = 0; done < length;) {
        ssize_t n = write(STDOUT_FILENO, text + done, length - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            die(FAILED, "cannot write to standard output: %s", strerror(errno));
        done += (size_t)n;
    }
    _exit(0);
}

static void print_usage(void) __attribute__((noreturn));
static void print_usage(void)
{
    char buffer[4096], column[64];
    struct text text = {buffer, buffer + sizeof buffer};
    put(&text, "Usage: tiny-reaper [OPTION]... [--] COMMAND [ARG]...\n"
               "Run COMMAND in a process group of its own, forward signals to it, and leave nothing of it behind.\n\n");
    for (size_t i = 0; i < NOPTIONS; i++) {
        const struct option_row *row = &OPTIONS[i];
        const char *line = row->help, *end;
        snprintf(column, sizeof column, "-%c, --%s%s%s", row->letter, row->name, row->argument ? "=" : "", row->argument ? row->argument : "");
        for (; (end = strchr(line, '\n')); line = end + 1, column[0] = '\0')
            put(&text, "  %-40s %.*s\n", column, (int)(end - line), line);
        put(&text, "  %-40s %s\n", column, line);
    }
    put(&text, "\nDURATION: a number and ms, s (default), m, h or d, such as 90, 1.5h or 1h30m; infinity; 0 for none.\n"
               "SIG: a name such as TERM or RTMIN+3, or a number.\n"
               "Exit status: the command's; 124 or 137 (KILL was needed): the time limit ended it;\n"
               "125: tiny-reaper failed; 126: COMMAND cannot be run; 127: COMMAND was not found.\n");
    print_and_exit(buffer, (size_t)(text.at - buffer));
}

static void apply_option(int letter, const char *value)
{
    switch (letter) {
    case 't': opt.limit = parse_option_duration("timeout", opt.limit_text = value); break;
    case 's': parse_signals(value); break;
    case 'k': opt.grace = parse_option_duration("kill-after", value), opt.grace_given = true; break;
    case 'p': opt.preserve_status = true; break;
    case 'c': opt.single_child = true; break;
    case 'r': parse_rewrite(value); break;
    case 'e': parse_success(value); break;
    case 'd': opt.die_with_parent = true; break;
    case 'w': opt.wait = true; break;
    case 'l': opt.leave = true; break;
    case 'G': opt.no_guard = true; break;
    case 'o': opt.report = value; break;
    case 'v': opt.verbose = true; break;
    case 'h': print_usage();
    case 'V': print_and_exit("tiny-reaper " VERSION "\n", sizeof "tiny-reaper " VERSION "\n" - 1);
    }
}

/* Fills in `opt`; options end at the first argument that is none. getopt_long(3) knows abbreviations, clusters and `--`. */
static void parse_options(int argc, char **argv)
{
    struct option longs[NOPTIONS + 1] = {{0}};
    char shorts[2 * NOPTIONS + 3] = "+:", *at = shorts + 2;
    for (size_t i = 0; i < NOPTIONS; i++) {
        longs[i] = (struct option){OPTIONS[i].name, OPTIONS[i].argument != NULL, NULL, OPTIONS[i].letter};
        *at++ = OPTIONS[i].letter;
        if (OPTIONS[i].argument)
            *at++ = ':';
    }
    for (int sig = 0; sig <= SIGNALS; sig++)
        opt.rewrite[sig] = (unsigned char)sig;
    opterr = 0;
    for (;;) {
        int index = optind, letter = getopt_long(argc, argv, shorts, longs, NULL);
        if (letter < 0)
            break;
        if (letter == ':')
            die(FAILED, "option '%s' needs a value; see 'tiny-reaper --help'", argv[index]);
        if (letter == '?')
            die(FAILED, "option '%s' is not known, not complete enough, or takes no value; see 'tiny-reaper --help'", argv[index]);
        apply_option(letter, optarg);
    }
    if (opt.wait && opt.leave)
        die(FAILED, "options --wait and --leave exclude each other");
    if (optind >= argc)
        die(FAILED, "no command given; expected 'tiny-reaper [OPTION]... COMMAND [ARG]...'");
    opt.command = argv + optind;
}

/* A lone number is in seconds: what to print behind the limit's text. */
static const char *limit_unit(void)
{
    char last = opt.limit_text[strlen(opt.limit_text) - 1];
    return last >= '0' && last <= '9' ? "s" : "";
}

/* ---------------------------------------------------------------- time */

/* A clock in nanoseconds. Where time_t is the kernel's own it is asked by a plain call: to find the vdso's first costs more than it saves. clock_gettime(2) */
static int64_t read_clock(clockid_t clock)
{
    struct timespec time = {0};
#if defined SYS_clock_gettime && LONG_MAX > INT32_MAX
    syscall(SYS_clock_gettime, clock, &time);
#else
    clock_gettime(clock, &time);
#endif
    return time.tv_sec * SECOND + time.tv_nsec;
}

/* CLOCK_MONOTONIC neither jumps nor counts the machine's sleep. */
static int64_t now(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

/*
 * Arms the alarm for DEADLINE on CLOCK_MONOTONIC, 0 for never: a timer that sends SIGALRM with si_code SI_TIMER, created when it is first needed. It is
 * queued even where an ALRM that somebody sent is pending. Only enter() calls this. False: there will be no alarm. timer_create(2)
 */
static bool arm(int64_t deadline)
{
    self.deadline = deadline;
    if (deadline == 0 && !self.has_timer)
        return true;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM, .sigev_value.sival_ptr = &self.timer};
    if (!self.has_timer && timer_create(CLOCK_MONOTONIC, &event, &self.timer) != 0)
        return false;
    self.has_timer = true;
    int64_t seconds = deadline / SECOND, most = sizeof(time_t) < 8 ? INT32_MAX : INT64_MAX;
    struct itimerspec when = {.it_value = {.tv_sec = (time_t)(seconds < most ? seconds : most), .tv_nsec = (long)(deadline % SECOND)}};
    return timer_settime(self.timer, TIMER_ABSTIME, &when, NULL) == 0 || deadline == 0;
}

/* ---------------------------------------------------------------- signals */

static struct mask all_signals(void)
{
    struct mask all;
    memset(&all, 0xff, sizeof all);
    return all;
}

/* Blocks every signal; the mask that was goes to *BEFORE. */
static bool block_signals(struct mask *before)
{
    struct mask all = all_signals();
    return syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, before, sizeof all) == 0;
}

static void set_signal(int how, int sig)
{
    struct mask mask = mask_of(sig);
    syscall(SYS_rt_sigprocmask, how, &mask, NULL, sizeof mask);
}

static bool is_pending(int sig)
{
    sigset_t set;
    return sigpending(&set) == 0 && sigismember(&set, sig) == 1;
}

/* Does another member of the job ask for the terminal? */
static bool is_asked(void)
{
    sigset_t set;
    return sigpending(&set) == 0 && (sigismember(&set, SIGTTIN) == 1 || sigismember(&set, SIGTTOU) == 1);
}

/*
 * An ignored SIGCHLD would have the kernel throw statuses away: it is default here, and the command gets it back. Where it is default already it is
 * not set: that would throw away one that is pending (POSIX 2.4.3).
 */
static void take_chld(void)
{
    const struct sigaction by_default = {.sa_handler = SIG_DFL};
    if (sigaction(SIGCHLD, NULL, &self.inherited_chld) != 0 || (self.inherited_chld.sa_handler != SIG_DFL && sigaction(SIGCHLD, &by_default, NULL) != 0))
        die(FAILED, "cannot reset SIGCHLD: %s", strerror(errno));
}

/* kill(2), judged: nobody there any more is normal, and false; anything else but success is told. */
static bool send_signal(pid_t target, int sig)
{
    if (kill(target, sig) == 0)
        return true;
    if (errno != ESRCH)
        tell("cannot send %s to %s %ld: %s", NAME(sig), target < 0 ? "group" : "process", target < 0 ? -(long)target : (long)target, strerror(errno));
    return false;
}

/* From inner (or the only process) to outer, while it is there: its id can't have been recycled while it is our parent. */
static void signal_outer(int sig)
{
    if (!is_inner() || getppid() == run->outer)
        kill(run->outer, sig);
}

/* SIG_DFL for SIG, which may be 32 to 34: musl's sigaction refuses these, and all zeros is SIG_DFL in the kernel's structure everywhere. */
static void set_default(int sig)
{
    syscall(SYS_rt_sigaction, sig, (unsigned long[8]){0}, NULL, sizeof(struct mask));
}

/*
 * Continues outer where it stopped because the command did. Not otherwise: a CONT would throw away a TTIN or TTOU that is pending there, with which another
 * member of the job asks for the terminal.
 */
static void continue_outer(void)
{
    if (is_inner() && (run->stopping || self.stopped_outer))
        signal_outer(SIGCONT);
    self.stopped_outer = false;
}

/* Leaves word of a call without which the command cannot be started; conclude() says so. */
static bool cannot(const char *call)
{
    run->failed_errno = errno;
    run->failed_call = call;
    return false;
}

/* Wakes the other one of the two to look at *run. run->woken tells it from a CHLD that the guard passes on; a queued value might get lost (RLIMIT_SIGPENDING). */
static void wake(pid_t pid)
{
    if (!is_inner())
        run->woken = 1;
    kill(pid, SIGCHLD);
}

/* ---------------------------------------------------------------- /proc */

/* Reads /proc/PID/FILE into BUFFER as a string: its length, or -1. */
static ssize_t read_proc(pid_t pid, const char *file, char *buffer, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/%s", (long)pid, file);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t n = read(fd, buffer, size - 1);
    close(fd);
    buffer[n > 0 ? n : 0] = '\0';
    return n;
}

/* proc(5), /proc/PID/stat */
struct stat_line {
    char name[64], state;
    long parent, group, threads;
    long long ticks, start;                         /* clock ticks: on a processor; since the boot */
};

/* The name may hold blanks and parentheses: the rest stands after the last one. False: no such process, or no /proc. */
static bool read_stat(pid_t pid, const char *file, struct stat_line *stat)
{
    char buffer[1024], *open, *close;
    if (read_proc(pid, file, buffer, sizeof buffer) <= 0 || !(open = strchr(buffer, '(')) || !(close = strrchr(buffer, ')')))
        return false;
    snprintf(stat->name, sizeof stat->name, "%.*s", (int)(close - open - 1), open + 1);
    stat->parent = stat->group = stat->threads = 0;
    stat->ticks = 0;
    stat->state = (char)(close[1] ? close[2] : '?');
    char *at = close + (close[1] && close[2] ? 3 : 0);
    for (int field = 4; field <= 22; field++) {
        long long value = strtoll(at, &at, 10);
        if (field == 4)
            stat->parent = (long)value;
        else if (field == 5)
            stat->group = (long)value;
        else if (field == 14 || field == 15)
            stat->ticks = field == 14 ? value : stat->ticks + value;
        else if (field == 20)
            stat->threads = (long)value;
        stat->start = value;
    }
    return true;
}

/* How long ago a process was started, in nanoseconds; the kernel counts in ticks of 10 ms. */
static int64_t age_of(const struct stat_line *stat)
{
    int64_t age = read_clock(CLOCK_BOOTTIME) - stat->start * (SECOND / sysconf(_SC_CLK_TCK));
    return age > 0 ? age : 0;
}

/* A process's name (comm), or "?". */
static const char *name_of(pid_t pid, char buffer[static 64])
{
    ssize_t n = read_proc(pid, "comm", buffer, 64);
    if (n <= 0)
        return "?";
    buffer[strcspn(buffer, "\n")] = '\0';
    return buffer;
}
#define COMM(pid) name_of(pid, (char[64]){0})

/* Calls VISIT for each number in a text of numbers and blanks that is read from FD, as /proc/PID/task/TID/children has it. */
static void each_number(int fd, void (*visit)(pid_t, void *), void *argument)
{
    char chunk[4096];
    long number = 0;
    for (ssize_t n; (n = read(fd, chunk, sizeof chunk)) > 0 || (n < 0 && errno == EINTR);)
        for (ssize_t i = 0; i < n; i++) {
            if (chunk[i] >= '0' && chunk[i] <= '9') {
                number = number * 10 + (chunk[i] - '0');
            } else if (number) {
                visit((pid_t)number, argument);
                number = 0;
            }
        }
}

/* getdents64(2) */
struct entry {
    uint64_t inode;
    int64_t offset;
    unsigned short length;
    unsigned char type;
    char name[];
};

/* Calls VISIT for each entry of directory FD whose name is a number. opendir(3) would allocate. */
static void each_entry(int fd, void (*visit)(pid_t, void *), void *argument)
{
    _Alignas(struct entry) char buffer[4096];
    for (long n; (n = syscall(SYS_getdents64, fd, buffer, sizeof buffer)) > 0 || (n < 0 && errno == EINTR);)
        for (long at = 0; at < n;) {
            struct entry *entry = (struct entry *)(void *)(buffer + at);
            int number = parse_number(entry->name, INT_MAX / 10 - 1);
            if (number >= 0)
                visit((pid_t)number, argument);
            at += entry->length;
        }
}

struct visitor {
    void (*visit)(pid_t, void *);
    void *argument;
};

static void visit_if_ours(pid_t pid, void *argument)
{
    struct visitor *visitor = argument;
    struct stat_line stat;
    if (read_stat(pid, "stat", &stat) && stat.parent == self.pid)
        visitor->visit(pid, visitor->argument);
}

/* Is there a /proc, and of our PID namespace? In another one its numbers mean others. */
static bool have_proc(void)
{
    char own[32];
    ssize_t n = readlink("/proc/self", own, sizeof own - 1);
    if (n <= 0)
        return false;
    own[n] = '\0';
    return parse_number(own, INT_MAX / 10 - 1) == self.pid;
}

/* Calls VISIT for each process. False: there is no usable /proc. */
static bool each_process(void (*visit)(pid_t, void *), void *argument)
{
    int fd = have_proc() ? open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd < 0)
        return false;
    each_entry(fd, visit, argument);
    close(fd);
    return true;
}

/* Calls VISIT for each child of this process; without CONFIG_PROC_CHILDREN by a look at every process. False: there is no usable /proc. */
static bool each_child(void (*visit)(pid_t, void *), void *argument)
{
    bool proc = have_proc();
    int fd = proc ? open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) {
        if (proc && !self.told_of_children)
            tell("no list of children in /proc: %s: looking at every process", strerror(errno));
        self.told_of_children = true;
        return each_process(visit_if_ours, &(struct visitor){visit, argument});
    }
    each_number(fd, visit, argument);
    close(fd);
    return true;
}

/* Is there an unreaped child of ours of this TYPE and ID? *DEAD: the zombie's pid, if it is or holds one, else 0. Nothing is reaped. waitid(2) */
static bool have_child(idtype_t type, pid_t id, pid_t *dead)
{
    siginfo_t info = {0};
    int result;
    do
        result = waitid(type, (id_t)id, &info, WEXITED | WNOHANG | WNOWAIT | __WALL);
    while (result != 0 && errno == EINTR);
    *dead = info.si_pid;
    return result == 0;
}

/* Is PID a child of this process that lives? The kernel answers, so that no number out of /proc can mean somebody else. */
static bool is_living_child(pid_t pid)
{
    pid_t dead;
    return have_child(P_PID, pid, &dead) && dead == 0;
}

/* ---------------------------------------------------------------- terminal */
/*
 * The job is the group that the caller's shell put us in; the command has a group of its own. Only one group of a session has the terminal:
 *
 *   at the start        the command takes it before its exec, if 0 and 1 are the terminal and the job has it; else the job keeps it (a pipeline, `&`)
 *   the command asks    stopped by TTIN or TTOU while the job has it: it is handed over, and the command continued
 *   another member of   TTIN or TTOU reach outer, as a member of the job: it is taken back from the command,
 *     the job asks        and the job continued; if it was not to be had just then, the job is continued when we leave
 *   a neighbour has it  the command of another tiny-reaper of the job: our outer asks that one's by the same signal, and nobody stops
 *   the command stops   inner records it in run->stop and wakes outer. Outer raises the same signal at its default disposition (for the whole job where
 *                         the terminal would have: the command has it, or asks for it), and the kernel decides: the shell above
 *                         sees a stop; or the group is orphaned, nothing happens, and the command is continued (undo_stop). A SIGSTOP is passed on as such.
 *   continued           by the shell: CONT comes to outer as any signal; before inner passes it on it hands the terminal over again,
 *                         if the command had it and the job has it now (fg; not bg). By somebody else: inner continues outer.
 *   the end             whatever way it came: if it is still with our tree, it goes back to the job
 */

/* Does process PID descend from inner (or from us)? */
static bool descends(pid_t pid)
{
    struct stat_line stat;
    for (int depth = 0; depth < 1000 && pid > 1 && read_stat(pid, "stat", &stat); depth++)
        if ((pid = (pid_t)stat.parent) == run->inner)
            return true;
    return false;
}

/* The controlling terminal, by its own name: descriptors 0 to 2 may be anything. -1: there is none. */
static int open_terminal(void)
{
    return open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
}

/* Is there nobody in this group? */
static bool is_gone(pid_t group)
{
    return group > 1 && kill(-group, 0) != 0 && errno == ESRCH;
}

/* The terminal's foreground group; -1: there is no terminal. */
static pid_t terminal_holder(void)
{
    int fd = open_terminal();
    if (fd < 0)
        return -1;
    pid_t holder = tcgetpgrp(fd);
    close(fd);
    return holder;
}

/* Is HOLDER the command's group, or one of its making? */
static bool is_command_s(pid_t holder)
{
    return holder > 0 && holder != run->job && (holder == run->command || descends(holder));
}

/* Hands the terminal to the command's group from the job, or (TO_JOB) back from our tree; from a group that is gone in any case. True if that was so. */
static bool pass_terminal(bool to_job)
{
    int fd = open_terminal();
    if (fd < 0)
        return false;
    pid_t holder = tcgetpgrp(fd);
    bool passed = (is_gone(holder) || (to_job ? is_command_s(holder) : holder == run->job)) && tcsetpgrp(fd, to_job ? run->job : run->command) == 0;   /* a blocked TTOU lets a background group do it */
    close(fd);
    return passed;
}

/* The member of our job that handed the terminal to HOLDER, if that is another tiny-reaper; else 0. Its id was read an instant ago, and it has a command. */
static pid_t neighbour_above(pid_t holder)
{
    struct stat_line stat;
    bool supervised = false;
    pid_t pid = holder;
    for (int depth = 0; depth < 1000 && pid > 1 && getpgid(pid) != run->job; depth++) {
        supervised |= strcmp(COMM(pid), "tiny-supervisor") == 0;
        if (!read_stat(pid, "stat", &stat))
            return 0;
        pid = (pid_t)stat.parent;
    }
    return pid > 1 && (supervised || strcmp(COMM(pid), "tiny-reaper") == 0) ? pid : 0;
}

/* ---------------------------------------------------------------- starting */

/* One file to execute, which may be a script without `#!` (POSIX: for the shell); returns errno. argv[-1] is there: it was ours. */
static int execute_file(const char *path, char **argv)
{
    execve(path, argv, environ);
    if (errno != ENOEXEC)
        return errno;
    argv[-1] = (char *)(uintptr_t)"/bin/sh";
    argv[0] = (char *)(uintptr_t)path;
    execve("/bin/sh", argv - 1, environ);
    return errno;
}

/* execvp as POSIX has it, which musl's is not for scripts; returns errno, EACCES rather than ENOENT where a file was found but not allowed. */
static int execute(char **argv)
{
    char candidate[PATH_MAX];
    const char *file = argv[0], *path = getenv("PATH"), *end;
    int result = ENOENT;
    if (*file == '\0')
        return ENOENT;
    if (strchr(file, '/'))
        return execute_file(file, argv);
    for (path = path ? path : "/usr/local/bin:/bin:/usr/bin";; path = end + 1) {
        end = strchrnul(path, ':');
        int length = snprintf(candidate, sizeof candidate, "%.*s%s%s", (int)(end - path), path, end > path ? "/" : "", file);
        int error = (size_t)length < sizeof candidate ? execute_file(candidate, argv) : ENAMETOOLONG;
        if (error == EACCES)
            result = EACCES;
        else if (error != ENOENT && error != ENOTDIR && error != ENAMETOOLONG && error != ESTALE && error != ENODEV && error != ETIMEDOUT)
            return error;
        if (*end == '\0')
            return result;
    }
}

/* The command could not be started: one line that says why. Returns the exit status for it. */
static int explain_failure(void)
{
    int error = run->failed_errno;
    if (strcmp(run->failed_call, "execve") != 0) {
        warn("cannot start '%s': %s: %s", opt.command[0], run->failed_call, strerror(error));
        return FAILED;
    }
    warn("cannot run '%s': %s", opt.command[0], strerror(error));
    return error == ENOENT ? NOT_FOUND : CANNOT_RUN;
}

/*
 * A call failed between fork and exec: says so, and ends this process. It speaks for itself, since where vfork is emulated (qemu-user, valgrind) and
 * *run is not shared its exit status is all that comes back.
 */
static void fail(const char *call) __attribute__((noreturn));
static void fail(const char *call)
{
    cannot(call);
    block_signals(NULL);                            /* a broken standard error must not turn the status into a death by PIPE */
    _exit(explain_failure());
}

/* The command's side of the fork: everything as tiny-reaper found it, but for a group of its own, the terminal, and the parent-death signal. */
static void become_command(pid_t supervisor) __attribute__((noreturn));
static void become_command(pid_t supervisor)
{
    if (setpgid(0, 0) != 0)
        fail("setpgid");
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        fail("prctl");
    if (getppid() != supervisor)                    /* it died before prctl: no signal will come */
        _exit(FAILED);
    if (run->terminal)                              /* before exec: who asks whether it is in the foreground hears yes */
        tcsetpgrp(STDIN_FILENO, getpid());
    if (self.inherited_chld.sa_handler == SIG_IGN && sigaction(SIGCHLD, &self.inherited_chld, NULL) != 0)
        fail("sigaction");
    if (syscall(SYS_rt_sigprocmask, SIG_SETMASK, &self.inherited_mask, NULL, sizeof self.inherited_mask) != 0)
        fail("sigprocmask");
    errno = execute(opt.command);
    fail("execve");
}

/*
 * Starts the command. Without a terminal to hand over by vfork(2), which spares the copy of the page tables; with one by fork, since a stop that is typed
 * just before exec would hold a vfork's parent in the call, with nobody left to see it.
 */
static bool start_command(void)
{
    pid_t supervisor = self.pid;
    char *volatile name = opt.command[0];
    pid_t pid = run->terminal ? fork() : vfork();
    if (pid == 0)
        become_command(supervisor);
    opt.command[0] = name;                          /* vfork's child may have put a script's path there */
    if (pid < 0)
        return cannot("fork");
    if (run->terminal)
        setpgid(pid, pid);                          /* from both sides, whoever comes first; after vfork the command has done it */
    run->command = self.child = pid;
    return true;
}

struct range {
    unsigned first, last;
    int own;
};

static void close_entry(pid_t fd, void *argument)
{
    const struct range *range = argument;
    if ((unsigned)fd >= range->first && (unsigned)fd <= range->last && fd != range->own)
        close(fd);
}

/* Closes all descriptors from FIRST to LAST. close_range(2), Linux 5.9; before that one by one. */
static void close_all(unsigned first, unsigned last)
{
    if (first > last)
        return;
#ifdef SYS_close_range
    if (syscall(SYS_close_range, first, last, 0) == 0)
        return;
#endif
    tell("close_range: %s: closing one by one", strerror(errno));
    struct range range = {first, last, open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    struct rlimit limit;
    if (range.own >= 0) {
        each_entry(range.own, close_entry, &range);
        close(range.own);
    } else if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        for (unsigned i = first; i <= last && i < limit.rlim_cur; i++)
            close((int)i);
    }
}

/* After the start: a reader of the command's output sees end-of-file when the command closes it, and no file system is kept busy. */
static void release(void)
{
    close_all(STDIN_FILENO, STDOUT_FILENO);
    close_all(3, self.report_fd < 0 ? ~0u : (unsigned)self.report_fd - 1);
    if (self.report_fd >= 0)
        close_all((unsigned)self.report_fd + 1, ~0u);
    if (chdir("/") != 0)
        tell("cannot change to /: %s", strerror(errno));
}

static void become_subreaper(void)
{
    if (self.pid != 1 && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0)
        tell("cannot become a subreaper: %s: what the command leaves behind goes to init", strerror(errno));
}

/* Another name for ps, killall -9 and pkill -f: whoever names tiny-reaper means the outer one, and hits only one of the two. */
static void rename_inner(char *program)
{
    static const char name[] = "tiny-reaper", other[] = "tiny-superv";
    size_t length = strlen(program), tail = sizeof name - 1;
    prctl(PR_SET_NAME, "tiny-supervisor");
    if (length >= tail && strcmp(program + length - tail, name) == 0)
        memcpy(program + length - tail, other, tail);
}

/*
 * The inner process's first steps. Until setpgid it sits in the job and is signalled beside outer: what came here by then came to outer too, and is
 * dropped; outer passes nothing on before `ready`, or its signal could merge with one of those and be dropped with it.
 * False: the command can't be started.
 */
static bool become_inner(char *program)
{
    struct mask all = all_signals();
    siginfo_t info;
    self.parent = run->outer;
    self.pid = getpid();
    self.is_guard = self.spares = false;
    run->inner = self.pid;
    if (prctl(PR_SET_PDEATHSIG, SIGCHLD) != 0)
        return cannot("prctl");
    if (setpgid(0, 0) != 0)
        return cannot("setpgid");
    while (take_signal(&all, &info, &(struct timespec){0, 0}) > 0)
        continue;
    if (getppid() != run->outer) {                  /* not before: the parent-death signal may have been dropped with the others */
        run->outcome = GUARD_KILLED;
        return false;
    }
    run->ready = 1;
    wake(run->outer);
    rename_inner(program);
    become_subreaper();
    return true;
}

/* Makes two processes of one. The outer one is the guard, and its child is the inner one. False: this is inner, and can't go on. */
static bool split(char *program)
{
    pid_t pid = fork();
    if (pid < 0)
        die(FAILED, "cannot fork: %s", strerror(errno));
    if (pid == 0)
        return become_inner(program);
    setpgid(pid, pid);
    run->inner = self.child = pid;
    return self.is_guard = true;
}

/* ---------------------------------------------------------------- looker */
/*
 * Why it hung: what each thread below us waits in, on what, and who could end the wait. What may block, and
 * what eats bytes which the command controls, is done by a process that may be lost:
 *
 *   supervisor   start_look(); serve_look() reads `syscall` if only an ancestor may (Yama); end_look() prints
 *     looker     collects, finds circles, writes table and JSON
 *
 * They share one page, and what is in it outlives the looker: a record counts when it is complete.
 */
enum look_for { WHY_HUNG, WHO_IS_LEFT };

enum {
    PROCESSES = 8192, TASKS = 16384, WANTS = 16384, HOLDS = 32768, THINGS = 16384, EDGES = 32768,
    TEXTS = 1 << 20, JSON_SIZE = 1 << 20, TABLE_SIZE = 1 << 20, CIRCLES_SIZE = 8192, LEFT_SIZE = 8192,
    NAME_SIZE = 512, POLLED = 64, OUTSIDE = 64, READERS = 1024, LINES = 16,
};
static const int64_t LOOK_TIME = 100000000, PRINT_TIME = 5000000;  /* ns: of all; of end_look() */

/* What a call waits for, and so what its arguments are. */
enum kind { OTHER, FD, IN, OUT, CHILD, CHILD_ID, POLL, EPOLL, LOCK, PATH, PATH_AT, FUTEX };

/* The calls that block, by the numbers of our machine; from 424 on they are the same everywhere. */
#define ROW(name, kind) {SYS_##name, #name, kind, 0}
#define TIMED(name, kind, timeout) {SYS_##name, #name, kind, timeout}
static const struct call_row {
    int number;
    const char *name;
    enum kind kind;
    signed char timeout;                            /* its limit: argument N points to it, -N is it in ms */
} CALLS[] = {
    ROW(read, IN), ROW(readv, IN), ROW(pread64, IN), ROW(preadv, IN), ROW(preadv2, IN), ROW(write, OUT),
    ROW(writev, OUT), ROW(pwrite64, OUT), ROW(pwritev, OUT), ROW(pwritev2, OUT), ROW(sendfile, OUT),
    ROW(wait4, CHILD), ROW(waitid, CHILD_ID), TIMED(ppoll, POLL, 2), TIMED(epoll_pwait, EPOLL, -3),
    {441, "epoll_pwait2", EPOLL, 3}, ROW(flock, LOCK), ROW(fcntl, LOCK), ROW(openat, PATH_AT),
    {437, "openat2", PATH_AT, 0}, TIMED(futex, FUTEX, 3), {449, "futex_waitv", OTHER, 0},
    {455, "futex_wait", OTHER, 0}, ROW(pselect6, OTHER), ROW(nanosleep, OTHER),
    ROW(clock_nanosleep, OTHER), ROW(rt_sigsuspend, OTHER), ROW(rt_sigtimedwait, OTHER),
    ROW(connect, FD), ROW(accept4, FD), ROW(recvfrom, FD), ROW(recvmsg, FD), ROW(recvmmsg, FD),
    ROW(sendto, FD), ROW(sendmsg, FD), ROW(sendmmsg, FD), ROW(ioctl, FD), ROW(close, FD),
    ROW(fsync, FD), ROW(fdatasync, FD), ROW(syncfs, FD), ROW(ftruncate, FD), ROW(fallocate, FD),
    ROW(getdents64, FD), ROW(fstat, FD), ROW(sync, OTHER), ROW(splice, OTHER), ROW(tee, OTHER),
    ROW(vmsplice, FD), ROW(msgrcv, OTHER), ROW(msgsnd, OTHER), ROW(mq_timedreceive, FD),
    ROW(mq_timedsend, FD), ROW(io_getevents, OTHER), {426, "io_uring_enter", FD, 0}, ROW(execve, OTHER),
    ROW(execveat, OTHER), ROW(clone, OTHER), {435, "clone3", OTHER, 0}, ROW(exit, OTHER),
    ROW(exit_group, OTHER), ROW(ptrace, OTHER), ROW(unlinkat, OTHER), ROW(mkdirat, OTHER),
    ROW(statfs, OTHER), ROW(umount2, OTHER), ROW(mount, OTHER), ROW(statx, OTHER),
    ROW(getrandom, OTHER), ROW(munmap, OTHER),
#ifdef SYS_open                                     /* not on arm64 and riscv64 */
    ROW(open, PATH), ROW(creat, PATH), TIMED(poll, POLL, -2), TIMED(epoll_wait, EPOLL, -3),
    ROW(pause, OTHER), ROW(vfork, OTHER), ROW(stat, OTHER), ROW(unlink, OTHER), ROW(mkdir, OTHER),
#endif
#ifdef SYS_select
    ROW(select, OTHER),
#endif
#ifdef SYS__newselect
    {SYS__newselect, "select", OTHER, 0},
#endif
#ifdef SYS_accept                                   /* not on s390x */
    ROW(accept, FD),
#endif
#ifdef SYS_semop                                    /* not on i386 */
    ROW(semop, OTHER), ROW(semtimedop, OTHER),
#endif
#ifdef SYS_newfstatat
    ROW(newfstatat, OTHER),
#endif
#ifdef SYS_waitpid
    ROW(waitpid, CHILD),
#endif
#ifdef SYS_fcntl64
    {SYS_fcntl64, "fcntl", LOCK, 0}, {SYS_sendfile64, "sendfile", OUT, 0},
    {SYS_fstat64, "fstat", FD, 0},
#endif
#ifdef SYS_socketcall
    ROW(socketcall, OTHER),
#endif
#ifdef SYS_ipc
    ROW(ipc, OTHER),
#endif
#if LONG_MAX == INT32_MAX                           /* the calls that take a 64-bit time there */
    {407, "clock_nanosleep", OTHER, 0}, {413, "pselect6", OTHER, 0}, {414, "ppoll", POLL, 2},
    {417, "recvmmsg", FD, 0}, {418, "mq_timedsend", FD, 0}, {419, "mq_timedreceive", FD, 0},
    {420, "semtimedop", OTHER, 0}, {421, "rt_sigtimedwait", OTHER, 0}, {422, "futex", FUTEX, 3},
#endif
};
enum { NCALLS = sizeof CALLS / sizeof CALLS[0] };

/* Who can end a wait: nobody can tell; those that waits_for() finds; another thread of the process. */
enum ender { ANYBODY, OTHERS, OWN_THREAD };
enum side { READS = 1, WRITES = 2, LOCKS = 4 };

struct process {
    pid_t pid, parent, group;
    struct process *above, *first, *last, *next;    /* the tree: its parent, its children as a list */
    struct task *tasks;                             /* ntasks of its threads */
    int ntasks, threads, circle, leads_to, mark;    /* circle: its number, 0: none; find_circles() */
    int64_t start, age, cpu;                        /* start in ticks since the boot; nanoseconds */
    const char *command;
    bool looked, shown, waits;
    char state, name[64];                           /* state 0: ended meanwhile, or not looked at */
};

struct task {
    struct process *process;
    pid_t tid, child, outsider, joins;              /* child: as for wait4(2), 0: none */
    int number, fd, nwants;                         /* -1: not known, none */
    const struct call_row *row;
    struct want *wants;
    enum ender ender;
    const char *file;
    struct thing *socket;                           /* has the name that is better than `file` */
    long switches;
    uint64_t key;                                   /* of `call` when it was looked at again */
    bool asked;                                     /* the supervisor was asked for `call` */
    char state, wchan[40], call[200];               /* call: /proc/PID/task/TID/syscall as it is */
};

/* What tasks wait on, by the name that the link of a descriptor has, and who holds which side of it. */
struct thing { uint64_t key; struct hold *holds; const char *name; };
struct hold { struct process *process; struct hold *next; enum side side; uint64_t mark; };
struct want { struct thing *thing; enum side side; uint64_t mark; };    /* mark: inode, or lock's line */

static struct look {
    /* of one look, cleared at its start */
    atomic_int nprocesses, ntasks, nwants, nholds, nedges;
    atomic_int asked, served, finished;             /* tasks in queue[]; all steps are done */
    enum look_for what;
    pid_t supervisor;
    int64_t started, until;
    atomic_int table_length;
    int missed, ncircles;
    bool foreign, unread;                           /* other numbers of calls; descriptors not known */
    size_t ntexts;
    uint64_t scanned;                               /* the network namespace whose sockets have their names */
    /* of the run */
    atomic_int recorded, json_length, circles_length, left_length, nreaders;
    int more, noutside, stamp;
    uint64_t outside[OUTSIDE];                      /* files that others may hold: hashes of names */
    pid_t readers[READERS];
    struct process processes[PROCESSES], *found[PROCESSES];     /* the first: the supervisor */
    struct task tasks[TASKS], *queue[TASKS];
    struct want wants[WANTS];
    struct hold holds[HOLDS];
    struct thing things[THINGS];                    /* a hash table */
    struct { struct process *from, *to; } edges[EDGES];
    char texts[TEXTS], json[JSON_SIZE], table[TABLE_SIZE], circles[CIRCLES_SIZE], left[LEFT_SIZE];
} *look;                                            /* NULL: not wanted, or no memory for it */

/* FNV-1a, never 0 */
static uint64_t hash_of(const char *text)
{
    uint64_t hash = 14695981039346656037u;
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 1099511628211u;
    return hash ? hash : 1;
}

/* Keeps a text; NULL if there is no room. */
static const char *keep(const char *text)
{
    size_t length = strlen(text) + 1;
    if (look->ntexts + length > TEXTS)
        return NULL;
    look->ntexts += length;
    return memcpy(look->texts + look->ntexts - length, text, length);
}

/* The thing of this name; made where there is none yet, if CREATE. NULL: none, or no room. */
static struct thing *find_thing(const char *name, bool create)
{
    uint64_t key = hash_of(name);
    for (size_t i = 0; i < 64; i++) {
        struct thing *thing = &look->things[(key + i) % THINGS];
        if (thing->key == 0 && create)
            thing->key = key;
        if (thing->key == key || thing->key == 0)
            return thing->key ? thing : NULL;
    }
    return NULL;
}

/* What descriptor FD of a process is, as the kernel names it: no file system is touched but /proc. */
static bool read_link(pid_t pid, const char *file, int fd, char *name)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/%s/%d", (long)pid, file, fd);
    ssize_t n = readlink(path, name, NAME_SIZE - 1);
    name[n > 0 ? n : 0] = '\0';
    return n > 0;
}

/* /proc/PID/fdinfo/FD; "" where it can't be read. */
static const char *read_fdinfo(pid_t pid, int fd, char *buffer, size_t size)
{
    char file[32];
    snprintf(file, sizeof file, "fdinfo/%d", fd);
    buffer[0] = '\0';
    read_proc(pid, file, buffer, size);
    return buffer;
}

/* The number behind NAME at the begin of a line, as fdinfo and status have it; 0: none. */
static uint64_t field(const char *text, const char *name, int base)
{
    for (size_t length = strlen(name); *text; text += *text == '\n') {
        if (strncmp(text, name, length) == 0)
            return strtoull(text + length, NULL, base);
        text += strcspn(text, "\n");
    }
    return 0;
}

/* The N-th word of a text, from 0 on. */
static const char *word(const char *text, int n)
{
    for (text += strspn(text, " \t"); n > 0 && *text; n--) {
        text += strcspn(text, " \t");
        text += strspn(text, " \t");
    }
    return text;
}

/* Calls VISIT for each line of a file of any length; lines of over 2 kB are cut somewhere. */
static void each_line(const char *path, void (*visit)(char *, void *), void *argument)
{
    char buffer[4096], *end;
    size_t rest = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    for (ssize_t n; fd >= 0 && (n = read(fd, buffer + rest, sizeof buffer - 1 - rest)) > 0;) {
        char *line = buffer;
        buffer[rest + (size_t)n] = '\0';
        for (; (end = strchr(line, '\n')); line = end + 1) {
            *end = '\0';
            visit(line, argument);
        }
        rest = strlen(line) < sizeof buffer / 2 ? strlen(line) : 0;
        memmove(buffer, line, rest);
    }
    if (fd >= 0)
        close(fd);
}

/* Calls VISIT for each number in directory FILE of a process. False: it can't be read. */
static bool each_entry_of(pid_t pid, const char *file, void (*visit)(pid_t, void *), void *argument)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/%s", (long)pid, file);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    each_entry(fd, visit, argument);
    close(fd);
    return true;
}

/* /proc/PID/task/TID/FILE */
static ssize_t read_task(const struct task *task, const char *file, char *buffer, size_t size)
{
    char path[48];
    snprintf(path, sizeof path, "task/%ld/%s", (long)task->tid, file);
    return read_proc(task->process->pid, path, buffer, size);
}

/* The command line with blanks for NULs, or [comm]. */
static void read_command_line(pid_t pid, const char *name, char *buffer, size_t size)
{
    ssize_t n = read_proc(pid, "cmdline", buffer, size);
    if (n <= 0) {
        snprintf(buffer, size, "[%s]", name);
        return;
    }
    while (n > 0 && buffer[n - 1] == '\0')
        n--;
    for (ssize_t i = 0; i < n; i++)
        if (buffer[i] == '\0')
            buffer[i] = ' ';
    buffer[n] = '\0';
}

/* The next step has this share, in percent, of the time that is left. */
static void allot(int share)
{
    int64_t time = now(), rest = look->started + LOOK_TIME - PRINT_TIME - time;
    look->until = time + (rest > 0 ? rest / 100 * share : 0);
}

/* ---- the tree */

static void add_process(pid_t pid, void *argument)
{
    struct process *above = argument, *process = &look->processes[look->nprocesses];
    bool is_spared = above == look->processes && self.spares && bit(spared_pids, pid);
    if (pid <= 0 || pid == self.looker || is_spared)
        return;
    if (look->nprocesses == PROCESSES) {
        look->missed++;
        return;
    }
    *process = (struct process){.pid = pid, .parent = above->pid, .above = above};
    *(above->last ? &above->last->next : &above->first) = process;
    above->last = process;
    look->nprocesses++;
}

static void add_children(pid_t tid, void *above)
{
    char path[64];
    long pid = ((struct process *)above)->pid;
    snprintf(path, sizeof path, "/proc/%ld/task/%ld/children", pid, (long)tid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    each_number(fd, add_process, above);
    close(fd);
}

/* A step: the children of one process, so that in the end all are there, those above before those below. */
static void find_children(int index)
{
    struct process *process = &look->processes[index];
    char path[64];
    struct stat status;
    snprintf(path, sizeof path, "/proc/%ld/task", (long)process->pid);
    if (stat(path, &status) == 0 && status.st_nlink == 3)       /* one thread: no directory to read */
        add_children(process->pid, process);
    else
        each_entry_of(process->pid, "task", add_children, process);
}

/* The state's letter in the text of a `status`, and what follows; NULL: none. */
static const char *state_in(const char *status)
{
    const char *at = strstr(status, "\nState:\t");
    return at && at[8] ? at + 8 : NULL;
}

/* What can be had of a process without being held by it: that it is there, at least. */
static void look_briefly(struct process *process)
{
    char status[512] = "";
    process->looked = true;
    if (kill(process->pid, 0) != 0 && errno == ESRCH)
        return;
    read_proc(process->pid, "status", status, sizeof status);
    process->state = state_in(status) ? *state_in(status) : '?';
    snprintf(process->name, sizeof process->name, "%s", COMM(process->pid));
}

/* ---- what a call waits for */

/* Reads SIZE bytes at ADDRESS of a process, or what there is of them: how many. process_vm_readv(2) */
static size_t read_memory(pid_t pid, uintptr_t address, void *buffer, size_t size)
{
    size_t head = 4096 - address % 4096;            /* a piece is read whole or not: one for each page */
    struct iovec local = {buffer, size}, remote[2] = {
        {(void *)address, head}, {(void *)(address + head), size - head},
    };
    if (head >= size)
        remote[0].iov_len = size;
    ssize_t n = process_vm_readv(pid, &local, 1, remote, head < size ? 2 : 1, 0);
    return n > 0 ? (size_t)n : 0;
}

/* Are the process's machine words as long as ours? Its auxv begins with a word that is a small number. */
static bool has_our_words(pid_t pid)
{
    unsigned long words[3] = {0};
    if (read_proc(pid, "auxv", (char *)words, sizeof words) < (ssize_t)(2 * sizeof words[0]))
        return false;
    return sizeof(long) == 8 ? words[0] <= UINT16_MAX : words[1] != 0;
}

/* The task waits for whoever has SIDE of the thing of this name. True: only for them. */
static bool add_want(struct task *task, const char *name, enum side side, uint64_t mark)
{
    struct thing *thing = find_thing(name, true);
    struct want *want = &look->wants[look->nwants];
    if (!thing || look->nwants == WANTS)
        return false;
    *want = (struct want){thing, side, mark};
    if (task->nwants++ == 0)
        task->wants = want;
    look->nwants++;
    for (int i = 0; i < look->noutside; i++)
        if (look->outside[i] == thing->key)
            return false;
    return look->noutside < OUTSIDE;
}

/* One descriptor of a poll: true if it is a pipe, and only its holders can end the wait. */
static bool add_polled(struct task *task, int fd, unsigned events, uint64_t inode)
{
    char name[NAME_SIZE], info[1024];
    pid_t pid = task->process->pid;
    if (!read_link(pid, "fd", fd, name) || strncmp(name, "pipe:[", 6) != 0 || !(events & (POLLIN | POLLOUT)))
        return false;
    uint64_t mark = field(read_fdinfo(pid, fd, info, sizeof info), "ino:", 10);
    if (inode && mark && inode != mark)             /* epoll: the number has become another file's */
        return false;
    bool in = !(events & POLLIN) || add_want(task, name, WRITES, mark);
    bool out = !(events & POLLOUT) || add_want(task, name, READS, mark);
    return in && out;
}

/* poll and ppoll: the array is in the process's memory. */
static void decode_poll(struct task *task, uintptr_t array, uint64_t count)
{
    struct pollfd polled[POLLED];
    char name[NAME_SIZE];
    size_t most = (count < POLLED ? (size_t)count : POLLED) * sizeof *polled;
    size_t n = read_memory(task->process->pid, array, polled, most) / sizeof *polled;
    bool closed = n > 0 && n == count;
    for (size_t i = 0; i < n; i++)
        if (polled[i].fd >= 0)
            closed &= add_polled(task, polled[i].fd, (unsigned short)polled[i].events, 0);
    if (n == 1 && count == 1 && read_link(task->process->pid, "fd", polled[0].fd, name)) {
        task->fd = polled[0].fd;
        task->file = keep(name);
    }
    task->ender = closed && task->nwants ? OTHERS : ANYBODY;
}

/* epoll: what it watches stands in its fdinfo: `tfd: 5 events: 19 data: 5 pos:0 ino:1234 sdev:d` */
static void decode_epoll(struct task *task)
{
    char info[8192];
    size_t length = strlen(read_fdinfo(task->process->pid, task->fd, info, sizeof info));
    bool closed = length > 0 && length < sizeof info - 1;
    int watched = 0;
    for (char *at = info; (at = strstr(at, "tfd:")) && ++watched <= POLLED; at++) {
        char *events = strstr(at, "events:"), *inode = strstr(at, "ino:"), *end = strchrnul(at, '\n');
        closed &= events && events < end &&
            add_polled(task, (int)strtol(at + 4, NULL, 10), (unsigned)strtoul(events + 7, NULL, 16),
                       inode && inode < end ? strtoull(inode + 4, NULL, 16) : 0);
    }
    task->ender = closed && watched <= POLLED && task->nwants ? OTHERS : ANYBODY;
}

struct waiter {
    struct task *task;
    const char *name;
    bool is_flock;
    uint64_t inode;
    char holder[128];
};

/*
 * A line of /proc/locks. The waiter's, `5: -> FLOCK  ADVISORY  WRITE 1235 00:1f:5678 0 EOF`, comes after its
 * holder's, whose very words stand in the fdinfo of everybody who has the locked description open.
 */
static void match_lock(char *line, void *argument)
{
    struct waiter *waiter = argument;
    struct task *task = waiter->task;
    const char *text = word(line, 1);
    if (strncmp(text, "->", 2) != 0) {
        snprintf(waiter->holder, sizeof waiter->holder, "%s", text);
        return;
    }
    text = word(text, 1);
    long pid = strtol(word(text, 3), NULL, 10);     /* -1 for a lock of a description (OFD) */
    const char *colon = strchr(word(text, 4), ':'), *inode = colon ? strchr(colon + 1, ':') : NULL;
    bool same_file = inode && waiter->inode && strtoull(inode + 1, NULL, 10) == waiter->inode;
    bool is_flock = strncmp(text, "FLOCK", 5) == 0;
    if (task->nwants || is_flock != waiter->is_flock || (waiter->inode && !same_file))
        return;
    if (pid > 0 ? pid != task->process->pid : !same_file)
        return;
    task->ender = add_want(task, waiter->name, LOCKS, hash_of(waiter->holder)) ? OTHERS : ANYBODY;
    task->outsider = (pid_t)strtol(word(waiter->holder, 3), NULL, 10);
    if (task->outsider <= 0 || (kill(task->outsider, 0) != 0 && errno == ESRCH))
        task->outsider = 0;
}

/* wait4 and waitid: the child as wait4 names it. */
static void decode_wait(struct task *task, bool is_waitid, unsigned long type, pid_t id)
{
    char info[1024];
    if (is_waitid && type == 3)                     /* P_PIDFD */
        id = (pid_t)field(read_fdinfo(task->process->pid, id, info, sizeof info), "Pid:", 10);
    else if (is_waitid)
        id = type == P_ALL ? -1 : type == P_PGID ? -id : id;
    task->child = id ? id : -task->process->group;
    task->ender = look->missed ? ANYBODY : OTHERS;
}

/* What the arguments say, beyond the descriptor, which is a NAME. */
static void decode_by_kind(struct task *task, char *name, const unsigned long long *value)
{
    char info[2048];
    enum kind kind = task->row->kind;
    bool is_pipe = *name && (strncmp(name, "pipe:[", 6) == 0 || strstr(task->wchan, "pipe"));
    uint64_t inode = is_pipe || kind == LOCK ?
        field(read_fdinfo(task->process->pid, task->fd, info, sizeof info), "ino:", 10) : 0;
    if ((kind == IN || kind == OUT) && is_pipe) {
        task->ender = add_want(task, name, kind == IN ? WRITES : READS, inode) ? OTHERS : ANYBODY;
    } else if (kind == LOCK) {
        struct waiter waiter = {task, name, task->row->number == SYS_flock, inode, ""};
        each_line("/proc/locks", match_lock, &waiter);
    } else if (kind == CHILD || kind == CHILD_ID) {
        decode_wait(task, kind == CHILD_ID, (unsigned long)value[0], (pid_t)value[kind == CHILD_ID]);
    } else if (kind == POLL) {
        decode_poll(task, (uintptr_t)value[0], value[1]);
    } else if (kind == EPOLL) {
        decode_epoll(task);
    } else if (kind == PATH || kind == PATH_AT) {
        name[read_memory(task->process->pid, (uintptr_t)value[kind == PATH_AT], name, NAME_SIZE - 1)] = '\0';
        task->file = *name ? keep(name) : NULL;
    } else if (kind == FUTEX) {
        task->ender = value[1] & 128 ? OWN_THREAD : ANYBODY;    /* FUTEX_PRIVATE_FLAG */
        task->joins = (pid_t)value[2];                  /* see waits_for_own() */
    }
}

/*
 * A thread's call, `0 0x3 0x7ffd... 0x1000 0x0 0x0 0x0 SP PC`. Nothing is said where the numbers may be of
 * another architecture, and where a call was restarted, whose arguments are gone.
 */
static void decode(struct task *task)
{
    char name[NAME_SIZE] = "", *at = task->call;
    unsigned long long value[7], number = strtoull(at, &at, 10);
    pid_t pid = task->process->pid;
    if (look->foreign || at == task->call || number > INT_MAX || number == SYS_restart_syscall)
        return;
    for (size_t i = 0; i < 7; i++)
        value[i] = strtoull(at, &at, 16);
    if (value[6] > ULONG_MAX || ((sizeof(long) == 4 || value[6] <= UINT32_MAX) && !has_our_words(pid)))
        return;
    task->number = (int)number;
    for (size_t i = 0; i < NCALLS && !task->row; i++)
        if (CALLS[i].number == task->number)
            task->row = &CALLS[i];
    const struct call_row *row = task->row;
    if (!row)
        return;
    if (row->kind == FD || row->kind == IN || row->kind == OUT || row->kind == LOCK || row->kind == EPOLL) {
        task->fd = (int)value[0] >= 0 ? (int)value[0] : -1;
        if (read_link(pid, "fd", task->fd, name))
            task->file = keep(name);
        if (strncmp(name, "socket:[", 8) == 0)
            task->socket = find_thing(name, true);
    }
    decode_by_kind(task, name, value);
    if (row->timeout > 0 ? value[row->timeout] != 0 : row->timeout < 0 && (int)value[-row->timeout] >= 0) {
        task->ender = ANYBODY;                          /* the clock ends it */
        task->joins = 0;
    }
}

/* What a thread has called. Where we may not see it the supervisor is asked: by `stat` we were not held. */
static void read_call(struct task *task)
{
    bool read = read_task(task, "syscall", task->call, sizeof task->call) >= 0;
    task->asked = !read && errno == EPERM && look->asked < TASKS;
    if (task->asked)
        look->queue[look->asked++] = task;
}

static void add_task(pid_t tid, void *argument)
{
    struct process *process = argument;
    struct task *task = &look->tasks[look->ntasks];
    struct stat_line stat = {.state = process->state};
    char file[48];
    snprintf(file, sizeof file, "task/%ld/stat", (long)tid);
    bool alone = process->threads == 1;
    if (look->ntasks == TASKS || (!alone && (now() >= look->until || !read_stat(process->pid, file, &stat))))
        return;
    *task = (struct task){.process = process, .tid = tid, .fd = -1, .number = -1, .state = stat.state};
    if (read_task(task, "wchan", task->wchan, sizeof task->wchan) <= 0 || strcmp(task->wchan, "0") == 0)
        strcpy(task->wchan, "-");
    if (stat.state == 'S' || stat.state == 'D')
        read_call(task);
    decode(task);
    if (process->ntasks++ == 0)
        process->tasks = task;
    look->ntasks++;
}

/* A process whose parent is none of ours has got a recycled number. */
static bool is_ours(pid_t parent)
{
    for (int i = 0; i < look->nprocesses; i++)
        if (look->processes[i].pid == parent)
            return true;
    return false;
}

/* A step: one process and its threads. */
static void look_at(int index)
{
    struct process *process = &look->processes[index];
    char line[NAME_SIZE];
    struct stat_line stat;
    if (index == 0)
        return;
    if (!read_stat(process->pid, "stat", &stat)) {
        look_briefly(process);
        return;
    }
    if (stat.parent != process->parent && !is_ours((pid_t)stat.parent)) {
        process->looked = true;
        return;
    }
    process->parent = (pid_t)stat.parent;
    process->group = (pid_t)stat.group;
    process->threads = (int)stat.threads;
    process->start = stat.start;
    process->age = age_of(&stat);
    process->cpu = stat.ticks * (SECOND / sysconf(_SC_CLK_TCK));
    memcpy(process->name, stat.name, sizeof process->name);
    read_command_line(process->pid, stat.name, line, sizeof line);
    process->command = keep(line);
    process->state = stat.state;
    process->looked = true;                         /* not before: what holds us is still to be looked at briefly */
    if (process->threads == 1)
        add_task(process->pid, process);
    else if (process->threads > 1)
        each_entry_of(process->pid, "task", add_task, process);
}

/* A step: what the supervisor has read. */
static void decode_asked(int index)
{
    if (look->tasks[index].asked)
        decode(&look->tasks[index]);
}

/* ---- sockets */

/* 0100007F:1F90 of /proc/net/tcp: the address's bytes as words of this machine. */
static void put_address(struct text *text, const char *hex)
{
    uint32_t words[4] = {0};
    char digits[9] = "", buffer[INET6_ADDRSTRLEN] = "?";
    size_t length = strcspn(hex, ": "), n = length / 8 < 4 ? length / 8 : 4;
    for (size_t i = 0; i < n; i++) {
        memcpy(digits, hex + 8 * i, 8);
        words[i] = (uint32_t)strtoul(digits, NULL, 16);
    }
    inet_ntop(n == 4 ? AF_INET6 : AF_INET, words, buffer, sizeof buffer);
    unsigned long port = hex[length] ? strtoul(hex + length + 1, NULL, 16) : 0;
    put(text, n == 4 ? " [%s]:%lu" : " %s:%lu", buffer, port);
}

/* One line of /proc/PID/net/PROTOCOL, the name of a socket if somebody waits on it. */
static void name_socket(char *line, void *protocol)
{
    static const char *const STATES[] = {
        "?", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "CLOSE",
        "CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING", "NEW_SYN_RECV",
    };
    bool is_unix = strcmp(protocol, "unix") == 0;
    char link[32], name[NAME_SIZE];
    struct text text = {name, name + sizeof name};
    snprintf(link, sizeof link, "socket:[%llu]", strtoull(word(line, is_unix ? 6 : 9), NULL, 10));
    struct thing *thing = find_thing(link, false);
    if (!thing || thing->name)
        return;
    put(&text, is_unix ? "unix" : "%.3s", (char *)protocol);
    if (is_unix) {
        put(&text, " %s", *word(line, 7) ? word(line, 7) : link);
    } else {
        unsigned long state = strtoul(word(line, 3), NULL, 16);
        put_address(&text, word(line, 1));
        put_address(&text, word(line, 2));
        put(&text, " %s", STATES[state < sizeof STATES / sizeof *STATES ? state : 0]);
    }
    thing->name = keep(name);
}

/* A step: where a thread waits on a socket, all sockets of its network namespace get their names. */
static void name_sockets(int index)
{
    static const char *const PROTOCOLS[] = {"tcp", "tcp6", "udp", "udp6", "unix"};
    const struct task *task = &look->tasks[index];
    char path[64], space[64];
    if (!task->socket || task->socket->name)
        return;
    snprintf(path, sizeof path, "/proc/%ld/ns/net", (long)task->process->pid);
    ssize_t n = readlink(path, space, sizeof space - 1);
    space[n > 0 ? n : 0] = '\0';
    if (look->scanned == hash_of(space))
        return;
    look->scanned = hash_of(space);
    for (size_t i = 0; i < sizeof PROTOCOLS / sizeof *PROTOCOLS; i++) {
        snprintf(path, sizeof path, "/proc/%ld/net/%s", (long)task->process->pid, PROTOCOLS[i]);
        each_line(path, name_socket, (void *)(uintptr_t)PROTOCOLS[i]);
    }
}

/* ---- who could end it */

static void add_hold(struct thing *thing, struct process *process, enum side side, uint64_t mark)
{
    struct hold *hold = &look->holds[look->nholds];
    if (look->nholds == HOLDS) {
        look->unread = true;
        return;
    }
    *hold = (struct hold){process, thing->holds, side, mark};
    thing->holds = hold;
    look->nholds++;
}

/* One descriptor of a process: is it an end of a pipe, or a locked file, that somebody waits for? */
static void look_at_file(pid_t fd, void *argument)
{
    static const enum side SIDES[] = {[O_RDONLY] = READS, [O_WRONLY] = WRITES, [O_RDWR] = READS | WRITES, 0};
    struct process *process = argument;
    char name[NAME_SIZE], info[4096];
    struct stat_line stat;
    look->unread |= now() >= look->until;
    bool named = !look->unread && read_link(process->pid, "fd", fd, name);
    struct thing *thing = named ? find_thing(name, false) : NULL;
    if (!thing || !read_stat(process->pid, "stat", &stat) || stat.start != process->start)
        return;
    if (!*read_fdinfo(process->pid, fd, info, sizeof info))
        look->unread = true;
    else
        add_hold(thing, process, SIDES[field(info, "flags:", 8) & O_ACCMODE], field(info, "ino:", 10));
    for (char *at = info, *end; (at = strstr(at, "lock:")); at = end) {
        end = strchrnul(at, '\n');
        if (*end)
            *end++ = '\0';
        add_hold(thing, process, LOCKS, hash_of(word(at, 2)));
    }
}

/* A step: all descriptors of a process. */
static void find_ends(int index)
{
    struct process *process = &look->processes[index];
    if (look->nwants == 0 || process->state == 0 || process->state == 'Z')
        return;
    look->unread |= !each_entry_of(process->pid, "fd", look_at_file, process) && errno != ENOENT;
}

static int add_found(struct process *process, int n)
{
    if (process->mark == look->stamp)
        return n;
    process->mark = look->stamp;
    look->found[n] = process;
    return n + 1;
}

/* Who could end the task's wait: found[], how many. The process itself only if nobody else can. */
static int waits_for(const struct task *task)
{
    bool itself = false;
    int n = 0;
    look->stamp++;
    for (struct process *child = task->child ? task->process->first : NULL; child; child = child->next)
        if (child->state && child->state != 'Z' &&
            (task->child == -1 || task->child == child->pid || task->child == -child->group))
            n = add_found(child, n);
    for (const struct want *want = task->wants; want < task->wants + task->nwants; want++)
        for (const struct hold *hold = want->thing->holds; hold; hold = hold->next) {
            if (!(hold->side & want->side) || hold->mark != want->mark)
                continue;
            itself |= hold->process == task->process;
            if (hold->process != task->process)
                n = add_found(hold->process, n);
        }
    for (int i = 1; n == 0 && task->outsider && i < look->nprocesses; i++)
        if (look->processes[i].pid == task->outsider)
            n = add_found(&look->processes[i], n);
    return n == 0 && itself ? add_found(task->process, n) : n;
}

/* ---- circles: the smallest sets of processes of which each waits for members alone */

/* Does it wait for another thread of its process? pthread_join waits for a thread's number to go. */
static bool waits_for_own(const struct task *task)
{
    for (int i = 0; task->joins && i < task->process->ntasks; i++)
        if (task->process->tasks[i].tid == task->joins && task->joins != task->tid)
            return true;
    return task->ender == OWN_THREAD;
}

/* Notes who could end the waits of a process. False: it runs, or nobody can tell. */
static bool add_edges(struct process *process)
{
    int first = look->nedges;
    bool closed = process->threads > 0 && process->ntasks >= process->threads;
    for (int i = 0; i < process->ntasks && closed; i++) {
        const struct task *task = &process->tasks[i];
        if (task->state == 'Z' || task->state == 'X' || waits_for_own(task))
            continue;
        int n = task->ender == OTHERS && !(task->nwants && look->unread) ? waits_for(task) : 0;
        closed = n > 0 && n < EDGES - look->nedges;
        for (int to = 0; to < n && closed; to++) {
            look->edges[look->nedges].from = process;
            look->edges[look->nedges++].to = look->found[to];
        }
    }
    if (!closed)
        look->nedges = first;
    return look->nedges > first;
}

/* Marks all that a process leads to, itself only if it leads back: how many. */
static int spread(const struct process *start)
{
    int n = 0;
    look->stamp++;
    for (bool more = true; more && now() < look->until;) {
        more = false;
        for (int i = 0; i < look->nedges; i++) {
            const struct process *from = look->edges[i].from;
            struct process *to = look->edges[i].to;
            if (!from->waits || (from != start && from->mark != look->stamp) || to->mark == look->stamp)
                continue;
            to->mark = look->stamp;
            n++;
            more = true;
        }
    }
    return n;
}

/* Who is in a circle leads to as many as each of those that it leads to, and is one of them. */
static void find_circles(void)
{
    struct process *processes = look->processes;
    allot(30);
    for (int i = 0; i < look->nprocesses; i++)
        processes[i].waits = add_edges(&processes[i]);
    for (bool more = true; more;) {                 /* who waits for one that does not wait can be freed */
        more = false;
        for (int i = 0; i < look->nedges; i++)
            if (look->edges[i].from->waits && !look->edges[i].to->waits)
                more = !(look->edges[i].from->waits = false);
    }
    for (int i = 0; i < look->nprocesses; i++)
        processes[i].leads_to = processes[i].waits ? spread(&processes[i]) : 0;
    for (int i = 0; i < look->nprocesses; i++) {
        if (!processes[i].waits || processes[i].circle)
            continue;
        spread(&processes[i]);
        bool is_circle = processes[i].mark == look->stamp && now() < look->until;
        for (int k = 0; k < look->nprocesses; k++)
            is_circle &= processes[k].mark != look->stamp || processes[k].leads_to == processes[i].leads_to;
        look->ncircles += is_circle;
        for (int k = 0; k < look->nprocesses && is_circle; k++)
            if (processes[k].mark == look->stamp)
                processes[k].circle = look->ncircles;
    }
}

/* How often a sleeping thread has left the processor; -1: it does not sleep. */
static long count_switches(const struct task *task)
{
    char status[4096] = "";
    read_task(task, "status", status, sizeof status);
    const char *at = state_in(status);
    if (!at || (*at != 'S' && *at != 'D'))
        return -1;
    return (long)(field(at, "voluntary_ctxt_switches:", 10) + field(at, "nonvoluntary_ctxt_switches:", 10));
}

static bool is_suspect(const struct task *task)
{
    return task->process->circle && (task->state == 'S' || task->state == 'D');
}

/* A step: a thread in a circle is looked at once more. */
static void look_again(int index)
{
    struct task *task = &look->tasks[index];
    if (!is_suspect(task))
        return;
    task->switches = count_switches(task);
    task->key = hash_of(task->call);
    read_call(task);
}

/* A step: only if none has run since, all of them slept in their calls at one and the same instant. */
static void confirm(int index)
{
    const struct task *task = &look->tasks[index];
    int circle = task->process->circle;
    if (!is_suspect(task) || (task->switches >= 0 && task->switches == count_switches(task) &&
                              task->key == hash_of(task->call)))
        return;
    for (int i = 0; i < look->nprocesses; i++)
        if (look->processes[i].circle == circle)
            look->processes[i].circle = -circle;        /* what it was */
}

/* ---- in words, and in JSON */

static const char *command_of(const struct process *process)
{
    return process->command ? process->command : process->name;
}

static const char *file_of(const struct task *task)
{
    return task->socket && task->socket->name ? task->socket->name : task->file;
}

/* The call's name, or its number; NULL: not known. */
static const char *call_of(const struct task *task, char buffer[static 16])
{
    snprintf(buffer, 16, "%d", task->number);
    return task->row ? task->row->name : task->number >= 0 ? buffer : NULL;
}

/* What a thread does: `write(1 pipe:[8123]) for 12345` */
static void describe(struct text *text, const struct task *task)
{
    char number[16];
    const char *call = call_of(task, number), *file = file_of(task);
    long cpu = (long)(task->process->cpu / (SECOND / 100));
    if (task->state == 'R')
        put(text, "runs, cpu %ld.%02ld s", cpu / 100, cpu % 100);
    else
        put(text, "%s", task->state == 'T' || task->state == 't' ? "stopped" : call ? call : task->wchan);
    if (call && task->fd >= 0)
        put(text, "(%d%s%.60s)", task->fd, file ? " " : "", file ? file : "");
    else if (call && file)
        put(text, "(%.60s)", file);
    int n = waits_for(task);
    for (int i = 0; i < n && i < 3; i++)
        put(text, "%s%ld", i ? ", " : " for ", (long)look->found[i]->pid);
    if (n > 3)
        put(text, " and %d more", n - 3);
    if (n == 0 && task->outsider)
        put(text, " for %ld", (long)task->outsider);
}

static void put_json_or_null(struct text *text, const char *field, const char *string)
{
    put(text, ",\"%s\":", field);
    if (string)
        put_json(text, string);
    else
        put(text, "null");
}

static void put_task(struct text *text, const struct task *task)
{
    char number[16];
    put(text, "{\"tid\":%ld,\"state\":\"%c\"", (long)task->tid, task->state);
    put_json_or_null(text, "wchan", task->wchan);
    put_json_or_null(text, "call", call_of(task, number));
    put(text, task->fd >= 0 ? ",\"fd\":%d" : ",\"fd\":null", task->fd);
    put_json_or_null(text, "file", file_of(task));
    put(text, ",\"waits_for\":[");
    int n = waits_for(task);
    for (int i = 0; i < n; i++)
        put(text, "%s%ld", i ? "," : "", (long)look->found[i]->pid);
    put(text, n == 0 && task->outsider ? "%ld]}" : "]}", (long)task->outsider);
}

/* Publishes what was put behind the first *LENGTH bytes of a text, if it was not cut. */
static bool publish(const struct text *text, const char *start, atomic_int *length)
{
    if (text->at >= text->end - 1)
        return false;
    *length = (int)(text->at - start);
    return true;
}

/* An object for the report's `running`. */
static bool record_process(const struct process *process)
{
    struct text text = {look->json + look->json_length, look->json + JSON_SIZE};
    long long ms = process->age / 1000000, cpu = process->cpu / 1000000;
    put(&text, "%s{\"pid\":%ld,", look->json_length ? "," : "", (long)process->pid);
    put(&text, "\"ppid\":%ld,\"state\":\"%c\",", (long)process->parent, process->state);
    put(&text, "\"elapsed_s\":%lld.%03lld,", ms / 1000, ms % 1000);
    put(&text, "\"cpu_s\":%lld.%03lld", cpu / 1000, cpu % 1000);
    put_json_or_null(&text, "wchan", process->ntasks ? process->tasks[0].wchan : "-");
    put_json_or_null(&text, "command", command_of(process));
    put(&text, ",\"threads\":[");
    for (int i = 0; i < process->ntasks; i++) {
        put(&text, i ? "," : "");
        put_task(&text, &process->tasks[i]);
    }
    put(&text, "]}");
    return publish(&text, look->json, &look->json_length);
}

/* A line of the table is a string of its own: no name can end it. */
static void end_line(struct text *text)
{
    text->at += text->at < text->end - 1;
}

/* Lines for standard error: a process, then threads of it that wait elsewhere; neighbours share a line. */
static bool show_process(const struct process *process, int depth)
{
    struct text text = {look->table + look->table_length, look->table + TABLE_SIZE - CIRCLES_SIZE};
    long tenths = (long)(process->age / (SECOND / 10));
    char what[256] = "-", next[256];
    int n = process->ntasks, i = 0;
    for (int lines = 0; lines == 0 || (i < n && lines < LINES); lines++) {
        struct text line = {what, what + sizeof what};
        int first = i, same = 1;
        if (n)
            describe(&line, &process->tasks[i++]);
        for (; i < n; i++, same++) {
            describe(&(struct text){next, next + sizeof next}, &process->tasks[i]);
            if (strcmp(what, next) != 0)
                break;
        }
        struct text out = {next, next + sizeof next};
        if (same > 1)
            put(&out, "%d threads: ", same);
        else if (lines)
            put(&out, "thread %ld: ", (long)process->tasks[first].tid);
        put(&out, "%s", what);
        if (lines == 0)
            put(&text, "%7ld %c %6ld.%ld s  ", (long)process->pid, process->state, tenths / 10, tenths % 10);
        put(&text, lines ? "%22s%s" : "%s%-28s ", "", next);
        if (lines == 0)
            put(&text, "%*s%s", 2 * (depth < 16 ? depth : 16), "", command_of(process));
        end_line(&text);
    }
    if (process->threads > i && n) {
        put(&text, "%22s%d threads more", "", process->threads - i);
        end_line(&text);
    }
    return publish(&text, look->table, &look->table_length);
}

/* `a (pid 12) and b (pid 13) wait for each other: a in wait4 for 13, b in write(1 pipe:[5]) for 12` */
static void show_circle(int circle)
{
    struct text text = {look->table + look->table_length, look->table + TABLE_SIZE};
    struct text json = {look->circles + look->circles_length, look->circles + CIRCLES_SIZE};
    int members = 0, n = 0;
    for (int i = 0; i < look->nprocesses; i++)
        members += look->processes[i].circle == circle;
    for (struct process *process = look->processes; process < look->processes + look->nprocesses; process++) {
        if (process->circle != circle)
            continue;
        put(&json, n ? ",%ld" : look->circles_length ? ",[%ld" : "[%ld", (long)process->pid);
        put(&text, "%s", n == 0 ? "" : n == members - 1 ? " and " : ", ");
        put(&text, "%s (pid %ld)", process->name, (long)process->pid);
        n++;
    }
    put(&json, "]");
    put(&text, members == 1 ? " waits for itself: " : " wait for each other: ");
    for (struct process *process = look->processes; process < look->processes + look->nprocesses; process++) {
        const struct task *task = process->tasks;
        if (process->circle != circle)
            continue;
        while (task < process->tasks + process->ntasks - 1 && task->ender != OTHERS)
            task++;
        put(&text, "%s in ", process->name);
        describe(&text, task);
        put(&text, --n ? ", " : "");
    }
    end_line(&text);
    if (members == 0 || text.at >= text.end - 1)
        return;
    look->table_length = (int)(text.at - look->table);
    if (opt.report && !look->recorded)
        publish(&json, look->circles, &look->circles_length);
}

/* Table and JSON, as a tree, those above before those below; what there is no time or room for is counted. */
static void write_picture(void)
{
    struct process *process = look->processes[0].first;
    bool json = opt.report && !look->recorded, room = true;
    for (int depth = 0, n = 0; process && room && (n < 64 || now() < look->until); n++) {
        if (!process->looked)
            look_briefly(process);
        if (process->state)
            process->shown = room = show_process(process, depth) && (!json || record_process(process));
        struct process *next = process->first;
        for (depth += next != NULL; !next && process != look->processes; process = process->above) {
            next = process->next;
            depth -= !next;
        }
        process = next;
    }
    look->more = look->missed;
    for (int i = 1; i < look->nprocesses; i++) {
        process = &look->processes[i];
        look->more += (process->state || !process->looked) && !process->shown;
        if (process->shown && process->threads > process->ntasks)
            look->more += process->threads - process->ntasks;
    }
    for (int circle = 1; circle <= look->ncircles; circle++)
        show_circle(circle);
}

/* ---- what was left behind */

/* Does a process of the command's session read from a pipe or a socket that is not our own standard input? */
static bool is_reader(pid_t pid)
{
    char name[NAME_SIZE], own[32];
    pid_t session = getsid(pid);
    if ((session != getsid(0) && session != run->command) || !read_link(pid, "fd", STDIN_FILENO, name))
        return false;
    bool is_pipe = strncmp(name, "pipe:[", 6) == 0;
    snprintf(own, sizeof own, is_pipe ? "pipe:[%llu]" : "socket:[%llu]", (unsigned long long)run->stdin_ino);
    return (is_pipe || strncmp(name, "socket:[", 8) == 0) && strcmp(name, own) != 0;
}

static void record_left(struct process *process)
{
    struct text text = {look->left + look->left_length, look->left + LEFT_SIZE};
    if (process->state == 0 || process->state == 'Z')
        return;
    put(&text, "%s{\"pid\":%ld", look->left_length ? "," : "", (long)process->pid);
    put_json_or_null(&text, "command", command_of(process));
    put(&text, "}");
    process->shown = publish(&text, look->left, &look->left_length);
}

/* A step: one process that the command has left behind. */
static void look_left(int index)
{
    struct process *process = &look->processes[index];
    char line[NAME_SIZE];
    if (index > 0)
        look_briefly(process);
    if (process->state == 0 || process->state == 'Z')
        return;
    if (look->nreaders < READERS && is_reader(process->pid)) {
        look->readers[look->nreaders] = process->pid;
        look->nreaders++;
    }
    read_command_line(process->pid, process->name, line, sizeof line);
    process->command = keep(line);
    record_left(process);
}

/* ---- the looker */

/* A step for each of *COUNT records, which it may make more; for one of them even where there is no time. */
static void each_record(void (*step)(int), const atomic_int *count, int share)
{
    int i = 0;
    allot(share);
    for (; i < *count && (i == 0 || now() < look->until); i++)
        step(i);
    look->unread |= i < *count;
    if (step == find_children)
        look->missed += *count - i;                     /* as many at least: they may have children */
}

/* The supervisor reads what it is asked for, and sends CHLD. */
static void await_calls(int share)
{
    struct mask chld = mask_of(SIGCHLD);
    siginfo_t info;
    allot(share);
    if (look->asked > look->served)
        syscall(SYS_tgkill, look->supervisor, look->supervisor, SIGCHLD);
    while (look->asked > look->served && now() < look->until)
        take_signal(&chld, &info, &(struct timespec){0, 5000000});
}

/* In a group of its own, without a descriptor, and gone when the supervisor is. */
static void be_looker(void) __attribute__((noreturn));
static void be_looker(void)
{
    char call[32] = "";
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != look->supervisor)
        _exit(1);
    setpgid(0, 0);
    self.has_stderr = false;
    close_all(0, ~0u);
    setpriority(PRIO_PROCESS, 0, -10);                  /* where it may: on a busy machine time is short */
    self.looker = self.pid = getpid();
    read_proc(self.pid, "syscall", call, sizeof call);
    look->foreign = strtol(call, NULL, 10) != SYS_read || *call == '\0';
    each_record(find_children, &look->nprocesses, 40);
    if (look->what == WHO_IS_LEFT) {
        each_record(look_left, &look->nprocesses, 100);
    } else {
        each_record(look_at, &look->nprocesses, 60);
        await_calls(30);
        each_record(decode_asked, &look->ntasks, 30);
        each_record(name_sockets, &look->ntasks, 30);
        each_record(find_ends, &look->nprocesses, 40);
        find_circles();
        if (look->ncircles) {
            each_record(look_again, &look->ntasks, 30);
            await_calls(30);
            each_record(confirm, &look->ntasks, 30);
        }
        allot(100);
        write_picture();
    }
    look->finished = 1;
    _exit(0);
}

/* ---- the supervisor's side */

/*
 * Forks the looker, self.looker. False: there is none to be had, and end_look() says what the supervisor may
 * see by itself.
 */
static bool start_look(enum look_for what)
{
    self.looker = 0;
    if (!look)
        return false;
    memset(look, 0, offsetof(struct look, recorded));
    memset(look->things, 0, sizeof look->things);
    look->what = what;
    look->supervisor = self.pid;
    look->started = now();
    look->nprocesses = 1;
    look->processes[0] = (struct process){.pid = self.pid};
    pid_t pid = fork();
    if (pid == 0)
        be_looker();
    if (pid < 0)
        return false;
    setpgid(pid, pid);
    self.looker = pid;
    return true;
}

/* Reads `syscall` of threads whose `stat` did not hold the looker, of 256 at most. True: there are more. */
static bool serve_look(void)
{
    if (!look || !self.looker || look->asked <= look->served)
        return false;
    for (int n = 0; n < 256 && look->served < look->asked; n++) {
        struct task *task = look->queue[look->served];
        read_task(task, "syscall", task->call, sizeof task->call);
        look->served++;
    }
    if (look->served < look->asked)
        return true;
    kill(self.looker, SIGCHLD);
    return false;
}

/* Where the looker did not come to an end: what can be had without being held, of the first 256 at least. */
static void look_from_here(void)
{
    if (look->nprocesses == 1)
        each_child(add_process, look->processes);
    if (look->nprocesses == 1 && run->command && !run->ended)
        add_process(run->command, look->processes);
    for (int i = 1; i < look->nprocesses && i < 256 && look->what == WHO_IS_LEFT; i++)
        if (!look->processes[i].looked) {
            look_briefly(&look->processes[i]);
            record_left(&look->processes[i]);
        }
    if (look->what == WHO_IS_LEFT)
        return;
    look->until = look->started + LOOK_TIME;
    look->table_length = look->ncircles = 0;
    if (!look->recorded)
        look->json_length = look->circles_length = 0;
    write_picture();
}

/* The looker has ended, or was ended: prints what was seen, under -v. The report has what was seen first. */
static void end_look(void)
{
    struct winsize size;
    bool narrow = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 32;
    int columns = narrow ? size.ws_col - (int)strlen("tiny-reaper: ") : LINE;
    if (!look)
        return;
    if (!look->finished || look->nprocesses == 1)
        look_from_here();
    for (int i = 1; i < look->nprocesses && look->what == WHO_IS_LEFT; i++)
        if (look->processes[i].shown)
            tell("left behind: %s (pid %ld)", command_of(&look->processes[i]), (long)look->processes[i].pid);
    if (look->what == WHO_IS_LEFT)
        return;
    look->recorded = true;
    tell("still running:");
    tell("%.*s", columns, "    pid state  elapsed  waits in, and for whom       command");
    for (int at = 0; at < look->table_length && opt.verbose; at += (int)strlen(look->table + at) + 1)
        tell("%.*s", columns, look->table + at);
    if (look->more)
        tell("and %d more, for which there was no time or no room", look->more);
}

/* The report's fields, each after a comma. */
static void put_look(struct text *text)
{
    if (!look)
        return;
    if (look->recorded)
        put(text, ",\"running\":[%.*s],\"more\":%d", look->json_length, look->json, look->more);
    if (look->circles_length)
        put(text, ",\"cycles\":[%.*s]", look->circles_length, look->circles);
    if (look->left_length)
        put(text, ",\"left\":[%.*s]", look->left_length, look->left);
}

static void note_outside(pid_t fd, void *unused)
{
    char name[NAME_SIZE];
    (void)unused;
    if (look->noutside < OUTSIDE && read_link(self.pid, "fd", fd, name) && strncmp(name, "/dev/", 5) != 0)
        look->outside[look->noutside++] = hash_of(name);
}

/* At the start, under -v and -o: room (untouched pages cost nothing), and which files others may hold. */
static void map_look(void)
{
    if (!opt.verbose && !opt.report)
        return;
    int flags = MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE;
    look = mmap(NULL, sizeof *look, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (look == MAP_FAILED)
        look = NULL;
    else
        each_entry_of(self.pid, "fd", note_outside, NULL);
}

static void reap(void);

/* For now: the supervisor waits here. */
static void look_now(enum look_for what)
{
    struct mask chld = mask_of(SIGCHLD);
    siginfo_t info;
    if (!look)
        return;
    if (start_look(what)) {
        int64_t end = now() + LOOK_TIME;
        while (waitpid(self.looker, NULL, WNOHANG) == 0 && now() < end)
            if (!serve_look())
                take_signal(&chld, &info, &(struct timespec){0, 5000000});
        if (kill(self.looker, 0) == 0) {
            kill(-self.looker, SIGKILL);
            kill(self.looker, SIGKILL);
            waitpid(self.looker, NULL, 0);
        }
        reap();
    }
    end_look();
}

/* ---------------------------------------------------------------- ending */

/* May the command's group be signalled? Its id is not recycled while the command is not reaped, or while another child of ours is in it. */
static bool group_is_ours(void)
{
    pid_t dead;
    if (run->command == 0)
        return false;
    if (!self.is_guard && !self.child_gone)
        return true;
    return have_child(P_PGID, run->command, &dead);
}

/* Signals the command's group, and the command by itself where it has moved to another. Says whether there was a group. */
static bool signal_group(int sig)
{
    pid_t group = self.is_guard || self.child_gone ? -1 : getpgid(run->command);
    bool moved = group >= 0 && group != run->command;
    bool sent = group_is_ours() && send_signal(-run->command, sig);
    if (moved)
        send_signal(run->command, sig);
    if (sig == SIGTERM)
        run->termed = now();
    return sent || moved;
}

/* One child in a sweep: counted, and told once what it has to hear. KILL is told in each round. */
static void sweep_child(pid_t pid, void *argument)
{
    (void)argument;
    if (self.spares && bit(spared_pids, pid))
        return;
    bool told = self.sweep_signal == SIGTERM && bit(told_pids, pid);    /* asked first, and left at that: a round costs little */
    if (!told && !is_living_child(pid))
        return;
    self.left++;
    if (self.sweep_signal == SIGKILL) {
        send_signal(pid, SIGKILL);
    } else if (self.sweep_signal && !told) {
        set_bit(told_pids, pid);
        send_signal(pid, self.sweep_signal);
        send_signal(pid, SIGCONT);
    }
}

/*
 * One round over all children: SIG is KILL, TERM, or 0 to count them. Children of children come to us when their parents end, so a round follows
 * each wake-up that reaped something, until none is left. To wait for more than one to be reaped would be wrong: what cannot be ended, or
 * ignores TERM, would keep a newcomer from being told.
 */
static void sweep(int sig)
{
    self.sweep_signal = sig;
    self.left = 0;
    if (self.pid == 1 && !self.spares && sig == SIGKILL)
        send_signal(-1, sig);                       /* atomic, and all there is: no fork can get away */
    if (sig == SIGKILL && group_is_ours())
        send_signal(-run->command, sig);            /* atomic too: no fork chain within the group gets away */
    self.blind = !each_child(sweep_child, NULL) && (self.pid != 1 || self.spares);
    if (self.blind && sig && run->command && !run->ended && is_living_child(run->command))
        send_signal(run->command, sig);
    self.due = false;
}

struct told {
    bool everybody, before;
    int looks;
};

/*
 * Takes note of a process that a TERM to the group (as PID 1: to all) reaches now, or has reached before: then not of one that was born since, or in
 * that tick. Of a crowd only the first are looked at, since reading 4,000 files of /proc takes longer than ending 4,000 processes.
 */
static void note_told(pid_t pid, void *argument)
{
    struct told *told = argument;
    struct stat_line stat;
    if (!told->everybody && getpgid(pid) != run->command)
        return;
    if (told->before && ++told->looks <= 64 && read_stat(pid, "stat", &stat) && age_of(&stat) <= now() - run->termed + SECOND / 100)
        return;
    set_bit(told_pids, pid);
}

/*
 * The first round of CLEARING: TERM, and CONT so that it gets through. A group that has had a TERM within the grace is not told twice. Who is told as a
 * member of a group is noted before: what such a process forks while it handles its TERM comes to us later, and has not been told.
 */
static void ask_leftovers(void)
{
    int64_t grace = opt.grace ? opt.grace : DEFAULT_GRACE;
    bool before = run->termed && now() < add(run->termed, grace), everybody = self.pid == 1 && !self.spares && !before;
    pid_t target = everybody ? -1 : -run->command;
    if (everybody || group_is_ours()) {
        each_process(note_told, &(struct told){everybody, before, 0});
        if (!before)
            send_signal(target, SIGTERM);
        send_signal(target, SIGCONT);
    }
    sweep(SIGTERM);
}

/* A child that outlived KILL. */
static void name_survivor(pid_t pid, void *argument)
{
    struct stat_line stat;
    (void)argument;
    if ((self.spares && bit(spared_pids, pid)) || !is_living_child(pid))
        return;
    if (!read_stat(pid, "stat", &stat))
        stat = (struct stat_line){.name = "?", .state = '?'};
    warn("cannot end %s (pid %ld, state %c%s): left behind", stat.name, (long)pid, stat.state, kill(pid, 0) != 0 && errno == EPERM ? ", another user's" : "");
}

static void reap(void);

/*
 * Moves to PHASE, does what belongs to its beginning, and arms the alarm; the only function that does any of it. Where the alarm can't be armed
 * (a user's pending signals are counted, and may be used up) the wait for signals has a limit of its own.
 */
static void enter(enum phase phase, size_t step)
{
    int64_t grace = opt.grace;
    if (phase == ENDING && (step == opt.nsignals || opt.signals[step] == SIGKILL))
        phase = KILLING;
    self.phase = phase;
    self.step = step;
    switch (phase) {
    case RUNNING:
    case ASKED:
        break;
    case ENDING:
        tell("sending %s to group %ld", NAME(opt.signals[step]), (long)run->command);
        signal_group(opt.signals[step]);
        signal_group(SIGCONT);
        break;
    case CLEARING:
        look_now(WHO_IS_LEFT);
        ask_leftovers();
        if (self.blind)
            tell("no /proc: of what the command left behind only its group can be ended");
        else if (self.left)
            tell("%s left %ld process%s behind: sending TERM", opt.command[0], self.left, self.left == 1 ? "" : "es");
        break;
    case KILLING:
        grace = grace == 0 ? DEFAULT_GRACE : grace > SECOND ? grace : SECOND;   /* what is killed needs time to die, however short -k is */
        run->killed_command |= !run->ended;
        sweep(0);                                   /* counted before: what is killed may be gone before it is counted */
        run->escalated |= !run->ended || self.left > 0;
        if (self.blind)
            tell("no /proc: only the command and its group can be ended");
        else
            tell("sending KILL to what is left: %ld process%s", self.left, self.left == 1 ? "" : "es");
        sweep(SIGKILL);
        break;
    case OVER:
        each_child(name_survivor, NULL);
        grace = 0;
        break;
    }
    if (phase == RUNNING)
        self.alarm_fails = !arm(opt.limit ? add(run->started, opt.limit) : 0);
    else
        self.alarm_fails = !arm(grace ? add(now(), grace) : 0);
}

/* The limit is reached, or the parent is gone: the signals of -s in turn, or what -w was waiting for is cleared. */
static void begin_end(enum outcome outcome)
{
    run->outcome = outcome;
    if (outcome == LIMIT) {
        run->timed_out = true;
        tell("limit of %s%s reached", opt.limit_text, limit_unit());
        look_now(WHY_HUNG);
    } else {
        tell("the process that started tiny-reaper has ended");
    }
    enter(run->ended ? CLEARING : ENDING, 0);
}

/* The alarm: the present phase has had its time. */
static void next_phase(void)
{
    switch (self.phase) {
    case RUNNING: begin_end(LIMIT); break;
    case ASKED: enter(KILLING, 0); break;
    case ENDING: enter(ENDING, self.step + 1); break;
    case CLEARING: enter(KILLING, 0); break;
    case KILLING: sweep(SIGKILL); reap(); enter(OVER, 0); break;
    case OVER: break;
    }
}

/* ---------------------------------------------------------------- stops */

/*
 * The command asks for the terminal: it is handed over if the job has it. That it wants it is noted first: outer, to whom another member's request may
 * come as soon as it is handed over, would else pass that on and not take the terminal back.
 */
static bool hand_over(void)
{
    run->terminal = 1;
    if (!pass_terminal(false))
        return false;
    self.hung_up = false;
    signal_group(SIGCONT);
    return true;
}

/*
 * Leaves the session of the command, whose group is thereby orphaned, as outer's job is: the kernel answers its next read from the terminal by EIO then, as
 * it would without us. A leader can't do that, so inner enters the job for the time of one call.
 */
static bool leave_session(void)
{
    return is_inner() && setpgid(0, run->job) == 0 && setsid() >= 0;
}

/*
 * Outer's job is orphaned, or we are PID 1: nobody could continue the command, so it is not left stopped. It would ask at once again for a terminal that it
 * cannot have: where its group can't be orphaned it gets HUP, the kernel's own word to a stopped group that becomes so.
 */
static void undo_stop(int sig)
{
    if (sig != SIGTSTP && hand_over())
        return;
    if (sig != SIGTSTP && !leave_session()) {
        if (self.hung_up) {
            tell("%s asks for a terminal that it cannot have: left stopped", opt.command[0]);
            return;
        }
        self.hung_up = true;
        signal_group(SIGHUP);
    }
    signal_group(SIGCONT);
}

/* Is PID stopped, as far as can be seen? */
static bool is_stopped(pid_t pid)
{
    struct stat_line stat;
    return !read_stat(pid, "stat", &stat) || stat.state == 'T';
}

static void command_stopped(int sig);

/* The job has the terminal now that the command was stopped for: inner is to try once more. */
static void ask_again(int sig)
{
    if (self.is_guard) {
        run->refused = -sig;
        wake(self.child);
    } else {
        command_stopped(sig);
    }
}

/*
 * The command of another tiny-reaper of our job has the terminal: asks that one to take it back (take_terminal_back); then it continues the job, and our
 * command asks again. Nobody stops: a shell that saw a stop of ours, or of a script's shell in the job, could believe the whole job stopped. False: not so.
 */
static bool ask_neighbour(int sig)
{
    pid_t holder, neighbour = 0;
    int request = sig;
    if (sig != SIGTTIN && sig != SIGTTOU)
        return false;
    do {                                            /* given back while we look for whose it is: look again, and do not stop the job for it */
        holder = terminal_holder();
        if (holder >= 0 && holder != run->job)
            neighbour = neighbour_above(holder);
    } while (!neighbour && holder >= 0 && holder != run->job && terminal_holder() != holder);
    if (!neighbour && holder != run->job)
        return false;
    if (neighbour) {
        tell("asking pid %ld for the terminal", (long)neighbour);
        kill(neighbour, sig);
    }
    if (self.is_guard && !atomic_compare_exchange_strong(&run->stop, &request, 0))
        return true;
    if (terminal_holder() == run->job)              /* given back before we asked */
        ask_again(sig);
    return true;
}

/*
 * Stops this process by SIG, as the command was, and returns when it goes on, or at once where the kernel does not stop it. The signal is made
 * pending first, and only then the request is taken: a CONT from inner that came before had cleared run->stop, one that comes after takes the pending
 * signal away. The other way round there is a gap in which that CONT is lost, and we stop for ever.
 */
static void stop_as(int sig)
{
    pid_t holder = terminal_holder();
    bool whole_job = sig == SIGTSTP ? run->terminal && is_command_s(holder) : holder >= 0;
    int request = sig;
    tell("stopping by %s", NAME(sig));
    if (ask_neighbour(sig))
        return;
    set_default(sig);
    run->stopping = 1;
    kill(whole_job ? 0 : self.pid, sig);
    if (self.is_guard && !atomic_compare_exchange_strong(&run->stop, &request, 0)) {
        discard(sig);
        run->stopping = 0;
        return;
    }
    /* Another member of the job has given the terminal back since the command asked: it may have looked (leave()) before we asked, but then we see this. */
    holder = terminal_holder();
    if ((sig == SIGTTIN || sig == SIGTTOU) && (holder == run->job || is_gone(holder))) {
        kill(0, SIGCONT);
        discard(SIGCONT);
        discard(sig);
        run->stopping = 0;
        ask_again(sig);
        return;
    }
    set_signal(SIG_UNBLOCK, sig);
    set_signal(SIG_BLOCK, sig);
    run->stopping = 0;
    if (is_pending(SIGCONT))                        /* it was stopped and continued: that CONT is passed on like any other */
        return;
    if (self.is_guard) {
        run->refused = sig;
        wake(self.child);
    } else {
        undo_stop(sig);
    }
}

/* The command was stopped by SIG: see the table over the section on the terminal. */
static void command_stopped(int sig)
{
    tell("%s (pid %ld) stopped by %s", opt.command[0], (long)run->command, NAME(sig));
    if ((sig == SIGTTIN || sig == SIGTTOU) && hand_over()) {
        return;
    } else if (sig == SIGSTOP) {
        self.stopped_outer = is_inner();
        if (self.pid != 1 && (is_inner() || !is_pending(SIGCONT)))  /* a stop throws away a CONT that is pending here, and with it the end of this one */
            signal_outer(SIGSTOP);                  /* from inner, who sends the CONT to come as well: the two can't overtake each other */
    } else if (self.pid == 1) {                     /* not stopped itself: a job around the namespace must not be stopped either */
        undo_stop(sig);
    } else if (is_inner()) {
        run->stop = sig;
        wake(run->outer);
    } else {
        stop_as(sig);
    }
}

static void command_continued(void)
{
    tell("%s (pid %ld) continued", opt.command[0], (long)run->command);
    run->stop = 0;
    continue_outer();
}

/* ---------------------------------------------------------------- forwarding */

static void note_forwarded(int sig)
{
    for (unsigned i = 0; i < run->forwarded_count; i++)
        if (run->forwarded[i] == sig)
            return;
    run->forwarded[run->forwarded_count++] = (unsigned char)sig;
}

static bool was_forwarded(int sig)
{
    return memchr(run->forwarded, sig, run->forwarded_count) != NULL;
}

/* In -w, after the command's end: a child outside its group. */
static void forward_to_leftover(pid_t pid, void *sig)
{
    if (!(self.spares && bit(spared_pids, pid)) && is_living_child(pid) && getpgid(pid) != run->command)
        send_signal(pid, *(int *)sig);
}

/* Passes a signal on: the guard to inner; the supervisor, rewritten, to the command's group, or to what the command left behind. */
static void forward(int sig, const siginfo_t *info)
{
    int to = opt.rewrite[sig];
    if (!is_inner() || info->si_pid != run->outer)  /* else the guard has told it */
        tell("%s from pid %ld (%s) %s%s%s", NAME(sig), (long)info->si_pid, info->si_code > 0 ? "kernel" : COMM(info->si_pid),
             to ? "forwarded" : "dropped", to && to != sig ? " as " : "", to && to != sig ? NAME(to) : "");
    if (self.is_guard) {
        if (!self.child_gone)
            send_signal(self.child, sig);
        return;
    }
    sig = to;
    if (sig == 0 || self.phase >= KILLING)
        return;
    note_forwarded(sig);
    if (sig == SIGCONT && run->terminal && pass_terminal(false))
        run->terminal = 1;                          /* outer may have cleared it in between, for another member of the job */
    if (opt.single_child && !self.child_gone)
        send_signal(run->command, sig);
    else
        signal_group(sig);
    if (self.child_gone)
        each_child(forward_to_leftover, &sig);
    if (self.phase == RUNNING && opt.grace_given && opt.grace && (sig == SIGTERM || sig == SIGINT || sig == SIGQUIT))
        enter(ASKED, 0);
}

/*
 * Another member of the job asks for the terminal, which the command has: true if it was taken back, and the job continued. run->terminal is cleared before
 * that: the command may ask again, and have it again, before this function ends, and what inner then writes must stand.
 */
static bool take_terminal_back(int sig)
{
    if ((sig != SIGTTIN && sig != SIGTTOU) || is_inner())
        return false;
    self.member_waits = true;
    if (!atomic_exchange(&run->terminal, 0))
        return false;
    if (!pass_terminal(true) && terminal_holder() != run->job) {
        run->terminal = 1;
        return false;
    }
    self.member_waits = false;
    tell("another member of the job asks for the terminal: handed back");
    kill(0, SIGCONT);
    return true;
}

/* One signal: told apart by who sent it. True if it may mean that a child or the other process has something to say. */
static bool handle_signal(int sig, const siginfo_t *info)
{
    pid_t other = self.is_guard ? self.child : run->outer;
    if (sig == SIGCONT && !is_inner())
        run->stopping = self.member_waits = false;
    if (sig == SIGALRM && info->si_code == SI_TIMER && info->si_value.sival_ptr == &self.timer) {
        if (self.deadline && now() < self.deadline)
            arm(self.deadline);                     /* it was queued before the alarm was armed anew: that one is still to come */
        else if (self.deadline)
            next_phase();
        return true;
    }
    if (sig == SIGCHLD && (info->si_code > 0 || (info->si_code == SI_USER && info->si_pid == other && (self.is_guard || (is_inner() && atomic_exchange(&run->woken, 0))))))
        return true;
    if (sig == SIGCHLD && info->si_code == SI_USER && info->si_pid == self.parent && (is_inner() ? getppid() != self.parent : opt.die_with_parent))
        return true;                                /* the parent-death signal: of the parent, or of one thread of it */
    if (sig == SIGCHLD && self.is_guard && !run->ready)
        self.owes_chld = true;
    else if (sig == SIGCONT && self.is_guard && info->si_pid == self.child)
        return false;                               /* inner continued us: the command runs already */
    else if (!take_terminal_back(sig))
        forward(sig, info);
    return sig == SIGCHLD;
}

/* ---------------------------------------------------------------- reaping */

static void seconds_since(int64_t start, char buffer[static 32])
{
    int64_t tenths = (now() - start) / (SECOND / 10);
    snprintf(buffer, 32, "%lld.%lld s", (long long)(tenths / 10), (long long)(tenths % 10));
}

static void tell_end(const char *what, pid_t pid, int status)
{
    char time[32];
    seconds_since(run->started, time);
    if (WIFSIGNALED(status))
        tell("%s (pid %ld) was killed by SIG%s after %s", what, (long)pid, NAME(WTERMSIG(status)), time);
    else
        tell("%s (pid %ld) exited with status %d after %s", what, (long)pid, WEXITSTATUS(status), time);
}

/* The one that we supervise is reaped. */
static void child_ended(int status)
{
    self.child_gone = true;
    if (self.is_guard) {
        if (!run->done)
            tell("the supervisor (pid %ld) was killed: ending everything", (long)self.child);
        return;
    }
    run->ended = true;
    run->wait_status = status;
    run->stop = 0;
    if (run->failed_call)
        return;
    if (opt.verbose)
        tell_end(opt.command[0], self.child, status);
    /* What was typed at the command's group the rest of the job has not seen: without tiny-reaper a shell loop around us would have. */
    if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGINT || WTERMSIG(status) == SIGQUIT) && !was_forwarded(WTERMSIG(status)))
        run->tells_job = self.had_terminal;
}

static void orphan_ended(pid_t pid, int status)
{
    clear_bit(told_pids, pid);
    run->reaped++;
    run->cleared += self.phase >= CLEARING;
    run->escalated |= self.phase == KILLING && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;      /* where nobody could be counted before */
    if (!opt.verbose)
        return;
    if (WIFSIGNALED(status))
        tell("reaped orphan %ld (killed by SIG%s)", (long)pid, NAME(WTERMSIG(status)));
    else
        tell("reaped orphan %ld (status %d)", (long)pid, WEXITSTATUS(status));
}

/*
 * The command has ended: the terminal goes back before it is reaped. Until then a neighbour that asks for it finds us above its holder (neighbour_above), and
 * no group that is gone has it.
 */
static void return_terminal(void)
{
    pid_t dead;
    if (self.is_guard || self.child_gone || !run->terminal || !have_child(P_PID, self.child, &dead) || !dead)
        return;
    self.had_terminal = is_command_s(terminal_holder());
    if (!opt.wait)
        pass_terminal(true);
}

/* Takes every report that a child has: ends, stops and continuations. wait4(2) */
static void reap(void)
{
    return_terminal();
    for (;;) {
        int status;
        pid_t pid = wait4(-1, &status, WNOHANG | WUNTRACED | WCONTINUED | __WALL, NULL);
        if (pid < 0 && errno == EINTR)
            continue;
        self.childless = pid < 0;
        if (pid <= 0)
            return;
        bool is_child = pid == self.child && !self.child_gone, ended = !WIFSTOPPED(status) && !WIFCONTINUED(status);
        self.due |= ended;                          /* its children are ours now */
        if (is_child && self.is_guard && WIFSTOPPED(status))
            kill(pid, SIGCONT);                     /* inner never stops by itself: somebody stopped it, and nobody would supervise */
        else if (is_child && !self.is_guard && WIFSTOPPED(status))
            command_stopped(WSTOPSIG(status));
        else if (is_child && !self.is_guard && WIFCONTINUED(status))
            command_continued();
        else if (!ended)
            continue;
        else if (is_child)
            child_ended(status);
        else if (self.is_guard && pid == run->command)
            run->ended = true, run->wait_status = status;   /* its supervisor is gone: it is the command all the same */
        else if (self.spares && bit(spared_pids, pid))
            clear_bit(spared_pids, pid);
        else
            orphan_ended(pid, status);
    }
}

static void spare_child(pid_t pid, void *argument)
{
    (void)argument;
    set_bit(spared_pids, pid);
}

/* Children that we had before we started (a shell's jobs, before its exec) are none of our business. The bits go when they are reaped. */
static void spare_children(void)
{
    pid_t dead;
    self.spares = have_child(P_ALL, 0, &dead);
    if (self.spares && !each_child(spare_child, NULL))
        tell("no /proc: children from before the start are not known");
}

/* ---------------------------------------------------------------- report */

/* RFC 4648, section 4 */
static void put_base64(struct text *text, const char *string)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    put(text, "\"");
    for (size_t left = strlen(string); left > 0; string += left < 3 ? left : 3, left -= left < 3 ? left : 3) {
        const unsigned char *at = (const unsigned char *)string;
        unsigned group = (unsigned)at[0] << 16 | (left > 1 ? (unsigned)at[1] << 8 : 0) | (left > 2 ? at[2] : 0);
        put(text, "%c%c%c%c", alphabet[group >> 18], alphabet[group >> 12 & 63], left > 1 ? alphabet[group >> 6 & 63] : '=', left > 2 ? alphabet[group & 63] : '=');
    }
    put(text, "\"");
}

static void put_command(struct text *text)
{
    bool valid = true;
    put(text, "\"command\":[");
    for (char **argument = opt.command; *argument; argument++) {
        put(text, argument == opt.command ? "" : ",");
        valid &= put_json(text, *argument);
    }
    put(text, "]");
    if (valid)
        return;
    put(text, ",\"command_base64\":[");
    for (char **argument = opt.command; *argument; argument++) {
        put(text, argument == opt.command ? "" : ",");
        put_base64(text, *argument);
    }
    put(text, "]");
}

enum { RUNNING_SIZE = 2 * 1024 * 1024, RECORD_SIZE = 4 * 1024 };

/*
 * Finds a place for *run, with room for the report's texts behind it if there is to be one; the command's text is made here. Where nobody shares it
 * a static one spares the mapping, a tenth of the whole start. No heap: mmap(2).
 */
static void map_run(bool shared)
{
    static struct run lone;
    size_t command = 64, size = sizeof *run;
    if (!shared && !opt.report) {
        run = &lone;
        return;
    }
    if (opt.report) {
        for (char **argument = opt.command; *argument; argument++)
            command += 8 * strlen(*argument) + 16;  /* \u00XX for a byte, and base64 */
        size += 2 * (command + RUNNING_SIZE) + RECORD_SIZE;
    }
    run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (run == MAP_FAILED) {
        run = NULL;
        die(FAILED, "cannot map memory: %s", strerror(errno));
    }
    run->size = size;
    if (opt.report) {
        struct text text = {run->text, run->text + command};
        put_command(&text);
        run->command_length = (size_t)(text.at - run->text);
    }
}

static void open_report(void)
{
    if (!opt.report)
        return;
    int fd;
    do                                              /* O_NONBLOCK: a FIFO without a reader would block */
        fd = open(opt.report, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0666);
    while (fd < 0 && errno == EINTR);
    if (fd < 0 || fcntl(fd, F_SETFL, O_APPEND) != 0)
        die(FAILED, "cannot open report file '%s': %s", opt.report, strerror(errno));
    self.report_fd = fd > STDERR_FILENO ? fd : fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (self.report_fd < 0)
        die(FAILED, "cannot open report file '%s': %s", opt.report, strerror(errno));
    if (fd != self.report_fd)
        close(fd);                                  /* 0, 1 or 2 was closed, and stays so for the command */
}

static long long microseconds(struct timeval time, struct timeval before)
{
    return (time.tv_sec - before.tv_sec) * 1000000LL + (time.tv_usec - before.tv_usec);
}

static void put_seconds(struct text *text, const char *field, long long us)
{
    put(text, "\"%s\":%lld.%06lld,", field, us / 1000000, us % 1000000);
}

static void put_usage(struct text *text)
{
    struct rusage usage = {0}, before = {0};
    if (run->command)
        getrusage(RUSAGE_CHILDREN, &usage);
    if (run->command && !is_inner())
        before = run->before;
    put_seconds(text, "user_s", microseconds(usage.ru_utime, before.ru_utime));
    put_seconds(text, "sys_s", microseconds(usage.ru_stime, before.ru_stime));
    put(text, "\"max_rss_kb\":%ld,", usage.ru_maxrss);
}

/* Writes the report: one object, one line, one write. */
static void write_report(void)
{
    static const char *const OUTCOMES[] = {"not-started", "exited", "signaled", "timed-out", "parent-died", "killed"};
    if (self.report_fd < 0 || !run || run->reported)
        return;
    char *start = run->text + run->command_length + RUNNING_SIZE;
    struct text text = {start, (char *)run + run->size};
    struct tm tm = {0};
    int death = run->ended && WIFSIGNALED(run->wait_status) ? WTERMSIG(run->wait_status) : 0;
    gmtime_r(&(time_t){(time_t)(run->date / SECOND)}, &tm);
    put(&text, "{\"version\":\"" VERSION "\",");
    memcpy(text.at, run->text, run->command_length);
    text.at += run->command_length;
    put(&text, run->command ? ",\"pid\":%ld," : ",\"pid\":null,", (long)run->command);
    put(&text, "\"started\":\"%04d-%02d-%02dT%02d:%02d:%02d.%03dZ\",", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(run->date % SECOND / 1000000));
    put_seconds(&text, "wall_s", run->command ? (now() - run->started) / 1000 : 0);
    put_usage(&text);
    put(&text, "\"outcome\":\"%s\",\"status\":%d,", OUTCOMES[run->outcome], run->exit_signal ? 128 + run->exit_signal : run->exit_status);
    put(&text, death ? "\"signal\":\"%s\"," : "\"signal\":null,", NAME(death));
    put(&text, "\"escalated\":%s,\"forwarded\":[", run->escalated ? "true" : "false");
    for (unsigned i = 0; i < run->forwarded_count; i++)
        put(&text, "%s\"%s\"", i ? "," : "", NAME(run->forwarded[i]));
    put(&text, "],\"reaped\":%lu,\"ended\":%lu", run->reaped, run->cleared);
    put_look(&text);
    put(&text, "}\n");
    ssize_t n;
    do
        n = write(self.report_fd, start, (size_t)(text.at - start));
    while (n < 0 && errno == EINTR);
    run->reported = true;
    if (n != text.at - start)
        warn("cannot write the report: %s", n < 0 ? strerror(errno) : "no space for the whole line");
}

static void report_not_started(int status)
{
    if (!run)
        return;
    run->outcome = NOT_STARTED;
    run->exit_status = status;
    run->command = 0;
    write_report();
}

/* ---------------------------------------------------------------- supervising */

/* Whoever wakes looks at all that may have changed, in *run and among the children; each item is a level, so nothing depends on the order of wake-ups. */
static void look_around(void)
{
    bool parent_gone = (is_inner() || opt.die_with_parent) && getppid() != self.parent;
    if (is_inner() && parent_gone && run->outcome != GUARD_KILLED) {
        run->outcome = GUARD_KILLED;
        if (run->terminal && pass_terminal(true) && run->job > 1)   /* first: the shell reads already, and what it was stopped for is true no more */
            kill(-run->job, SIGCONT);
        tell("the guard (pid %ld) was killed: ending everything", (long)run->outer);
        enter(KILLING, 0);
    }
    reap();
    if (!is_inner() && opt.die_with_parent && parent_gone && !run->parent_died) {
        run->parent_died = 1;
        if (self.is_guard)
            wake(self.child);
    }
    if (self.is_guard) {
        if (run->ready && self.owes_chld && !self.child_gone)
            self.owes_chld = false, send_signal(self.child, SIGCHLD);
        if (run->stop && !self.child_gone)
            stop_as(run->stop);
        if (self.child_gone && !run->done && self.phase < KILLING)
            enter(KILLING, 0);
    } else {
        if (run->parent_died && self.phase <= ASKED)
            begin_end(PARENT_DIED);
        int refused = atomic_exchange(&run->refused, 0);
        if (refused > 0)
            undo_stop(refused);
        else if (refused < 0 && !self.child_gone && is_stopped(run->command))
            command_stopped(-refused);
        if (self.child_gone && !self.childless && self.phase < CLEARING && !opt.leave && !(opt.wait && self.phase <= ASKED))
            enter(CLEARING, 0);
    }
    if (self.due && self.phase != OVER && (self.phase >= CLEARING || (self.spares && self.child_gone)))
        sweep(self.phase == KILLING ? SIGKILL : self.phase == CLEARING ? SIGTERM : 0);
    if (self.blind && self.phase >= CLEARING && self.phase != OVER && self.child_gone && !group_is_ours())
        enter(OVER, 0);
}

/* Is there nothing more to do? */
static bool finished(void)
{
    if (self.phase == OVER)
        return true;
    if (!self.child_gone)
        return false;
    if (self.childless || (self.is_guard && run->done))
        return true;
    if (!self.is_guard && opt.leave && self.phase < CLEARING)
        return true;
    return self.spares && !self.blind && self.left == 0 && (self.is_guard ? self.phase >= KILLING : true);
}

/* The loop of both processes: the guard's child is inner, and inner's is the command. Idle, it sleeps in one call. */
static void supervise(void)
{
    struct mask all = all_signals(), chld = mask_of(SIGCHLD);
    look_around();                                  /* what came before the first sleep may have left no signal: inner drops those that it finds */
    while (!finished()) {
        siginfo_t info;
        int64_t left = self.alarm_fails && self.deadline ? self.deadline - now() : -1;
        struct timespec rest = {.tv_sec = left > 0 ? (time_t)(left / SECOND) : 0, .tv_nsec = left > 0 ? (long)(left % SECOND) : 0};
        int sig = take_signal(self.is_guard && !run->ready ? &chld : &all, &info, self.alarm_fails && self.deadline ? &rest : NULL);
        if (sig < 0 && self.alarm_fails && self.deadline && now() >= self.deadline)
            next_phase();
        if (sig < 0 || handle_signal(sig, &info))
            look_around();
    }
    if (self.spares)
        reap();
}

/* ---------------------------------------------------------------- leaving */

/* How tiny-reaper is to end: run->exit_status, or run->exit_signal. */
static void judge(void)
{
    int status = run->wait_status;
    if (run->outcome == GUARD_KILLED) {
        run->exit_signal = SIGKILL;
        return;
    }
    if (run->outcome == NOT_STARTED)
        run->outcome = run->ended && WIFEXITED(status) ? EXITED : SIGNALED;
    if (run->timed_out && !opt.preserve_status)
        run->exit_status = run->killed_command ? TIMED_OUT_KILLED : TIMED_OUT;
    else if (!run->ended)
        run->exit_status = TIMED_OUT_KILLED;
    else if (WIFEXITED(status))
        run->exit_status = opt.success_status[WEXITSTATUS(status)] ? 0 : WEXITSTATUS(status);
    else if (!opt.success_signal[WTERMSIG(status)])
        run->exit_signal = WTERMSIG(status);
}

/* Ends this process as *run says: by exit, or by the signal that the command died of, without a core of our own. As PID 1 it can't die: 128+N. */
static void leave(void) __attribute__((noreturn));
static void leave(void)
{
    int sig = run->exit_signal;
    if (self.member_waits || is_asked())
        kill(0, SIGCONT);                           /* a member of the job has asked for the terminal when it was not to be had: let it ask again */
    if (sig && self.pid != 1) {
        if (run->tells_job)
            kill(0, sig);
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        prctl(PR_SET_DUMPABLE, 0);
        set_default(sig);
        kill(self.pid, sig);
        set_signal(SIG_UNBLOCK, sig);
    }
    _exit(sig ? 128 + sig : run->exit_status);
}

/* What is left to do when nothing runs any more: the terminal, the verdict, the report. The guard does it only where inner could not. */
static void conclude(void)
{
    if (run->done)
        return;
    if (self.is_guard)
        run->outcome = GUARD_KILLED, run->failed_call = NULL;
    if (run->terminal)
        pass_terminal(true);
    if (run->failed_call) {                         /* the command's side of the fork has said why, if it came to that */
        run->exit_status = run->command ? WEXITSTATUS(run->wait_status) : explain_failure();
        run->command = 0;
    } else {
        judge();
    }
    write_report();
    run->stop = 0;
    run->done = 1;
    self.stopped_outer |= run->timed_out;           /* a job that was stopped, by whatever, when its limit came would sit there for ever */
    continue_outer();
}

/* ---------------------------------------------------------------- main */

/* Arms the death of our parent, and compares: one that was gone before that sends no signal. PR_SET_PDEATHSIG(2const) */
static void watch_parent(void)
{
    if (prctl(PR_SET_PDEATHSIG, SIGCHLD) != 0)
        die(FAILED, "cannot watch the parent: %s", strerror(errno));
    /* Not our session, and we don't lead ours: somebody between us and our parent has made it, and is gone. */
    bool adopted = self.parent && getsid(self.parent) != getsid(0) && getsid(0) != self.pid;
    if (getppid() != self.parent || adopted)
        die(FAILED, "the process that started tiny-reaper has ended already: nothing was started");
}

/* What tiny-reaper finds when it is started. */
static void begin(void)
{
    pid_t job = getpgrp();
    self.pid = getpid();
    self.parent = getppid();
    bool alone = self.pid == 1 || opt.no_guard, terminal = tcgetpgrp(STDIN_FILENO) == job && tcgetpgrp(STDOUT_FILENO) == job;
    map_run(!alone || terminal || opt.verbose);
    map_look();                    /* with a terminal the command is started by fork: *run must be shared with it */
    struct stat own;
    if (fstat(STDIN_FILENO, &own) == 0 && (S_ISFIFO(own.st_mode) || S_ISSOCK(own.st_mode)))
        run->stdin_ino = own.st_ino;
    run->terminal = terminal;
    run->outer = run->inner = self.pid;
    run->job = job;
    run->started = now();
    if (opt.report) {
        run->date = read_clock(CLOCK_REALTIME);
        getrusage(RUSAGE_CHILDREN, &run->before);
    }
}

int main(int argc, char **argv)
{
    self.report_fd = -1;
    self.has_stderr = fcntl(STDERR_FILENO, F_GETFD) >= 0;
    if (!block_signals(&self.inherited_mask))
        die(FAILED, "cannot block signals: %s", strerror(errno));
    parse_options(argc, argv);
    open_report();
    begin();
    take_chld();
    if (opt.die_with_parent)
        watch_parent();
    spare_children();
    become_subreaper();
    if ((self.pid == 1 || opt.no_guard || split(argv[0])) && !self.is_guard) {
        enter(RUNNING, 0);
        if (start_command() && !run->failed_call)
            tell("started %s (pid %ld, group %ld), limit %s%s", opt.command[0], (long)run->command, (long)run->command, opt.limit ? opt.limit_text : "none", opt.limit ? limit_unit() : "");
    }
    release();
    if (self.child)
        supervise();
    conclude();
    if (is_inner())
        _exit(0);
    leave();
}

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
#include <errno.h>
#include <fcntl.h>
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
#include <sys/auxv.h>
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

/*
 * The options of each name that we answer to. `does` holds what apply() is to do, in turn: letters of our own
 * options, and some that stand for what only another tool has (apply_foreign).
 */
static const struct option_row {
    char letter;                                    /* 0: none */
    const char *name, *argument;                    /* NULL: none */
    const char *does, *help;                        /* does NULL: the end of the table */
} OWN[] = {
    {'t', "timeout", "DURATION", "t", "limit the command's lifetime"},
    {'s', "signal", "SIG[,SIG]...", "s", "signals that end it (default TERM)"},
    {'k', "kill-after", "DURATION", "k", "time for each, then KILL (5s, 0 never)"},
    {'p', "preserve-status", NULL, "p", "at the limit exit as the command did"},
    {'c', "single-child", NULL, "c", "signal the command, not its group"},
    {'r', "rewrite", "FROM:TO", "r", "forward TO in place of FROM (0: none)"},
    {'e', "success-status", "STATUS[,STATUS]...", "e", "exit 0 for these: 143, or TERM"},
    {'d', "die-with-parent", NULL, "d", "end it when tiny-reaper's parent ends"},
    {'w', "wait", NULL, "w", "at its end wait for what it left"},
    {'l', "leave", NULL, "l", "at its end leave alone what it left"},
    {'G', "no-guard", NULL, "G", "one process, not safe from kill -9"},
    {'o', "report", "FILE", "o", "append a line of JSON about the run"},
    {'v', "verbose", NULL, "v", "say what went wrong; -vv: everything"},
    {'h', "help", NULL, "h", "print this, and exit"},
    {'V', "version", NULL, "V", "print the version, and exit"},
    {0},
}, TIMEOUT[] = {
    {'f', "foreground", NULL, "", "accepted, and not needed"},
    {'k', "kill-after", "DURATION", "K", "KILL follows this long after a signal"},
    {'p', "preserve-status", NULL, "p", "at the limit exit as COMMAND did"},
    {'s', "signal", "SIGNAL", "S", "what the limit sends (default TERM)"},
    {'v', "verbose", NULL, "y", "say which signal the limit sends"},
    {0, "help", NULL, "h", "print this, and exit"},
    {0, "version", NULL, "V", "print the version, and exit"},
    {0},
}, TINI[] = {
    {'p', NULL, "SIGNAL", "P", "sent when the parent ends, as SIGKILL"},
    {'s', NULL, NULL, "", "accepted, and not needed"},
    {'v', NULL, NULL, "n", "say what went wrong; -vvv: everything"},
    {'w', NULL, NULL, "W", "warn of each orphan that is reaped"},
    {'g', NULL, NULL, "g", "forward signals to PROGRAM's group"},
    {'e', NULL, "EXIT_CODE", "E", "exit 0 in place of it; may be repeated"},
    {'l', NULL, NULL, "L", "print the licence, and exit"},
    {'h', NULL, NULL, "h", "print this, and exit"},
    {0, "version", NULL, "V", "print the version, and exit"},
    {0},
}, DUMB_INIT[] = {
    {'c', "single-child", NULL, "Ucl", "signal it alone, leave the rest alone"},
    {'r', "rewrite", "FROM:TO", "R", "forward TO in place of FROM (0: none)"},
    {'v', "verbose", NULL, "vv", "say everything"},
    {'h', "help", NULL, "h", "print this, and exit"},
    {'V', "version", NULL, "V", "print the version, and exit"},
    {0},
};

/*
 * The names, ourselves first, and what each takes; the last part of argv[0] decides. `variables` are read
 * after the command line; value NULL: whatever it is. dockerd reads what `docker-init --version` prints.
 */
static const struct tool_row {
    const char *names[3];
    const struct option_row *options;
    const char *defaults, *help, *usage, *about, *version;
    bool takes_duration;                            /* before the command */
    int refusal;                                    /* exit status for a wrong command line */
    struct variable_row {
        const char *name, *value, *does;
    } variables[2];
} TOOLS[] = {
    {{"tiny-reaper"}, OWN, "", "tiny-reaper --help", "tiny-reaper [OPTION]... [--] COMMAND [ARG]...",
        "DURATION: a number and ms, s (default), m, h or d: 90, 1.5h, 1h30m; or infinity.\n"
        "SIG: a name such as TERM or RTMIN+3, or a number. Options may also stand in the\n"
        "environment, in TINY_REAPER. Exit status: the command's; at the limit 124, or\n"
        "137 after KILL; 125: an error; 126: it cannot be run; 127: it was not found.\n",
        "tiny-reaper " VERSION "\n", false, FAILED, {{0}}},
    {{"timeout"}, TIMEOUT, "X", "timeout --help", "timeout [OPTION]... DURATION COMMAND [ARG]...",
        "DURATION: a number and s (default), m, h or d; 0: no limit. At the limit nothing\n"
        "of COMMAND is left running; what it leaves when it ends in time goes on.\n"
        "Exit status: COMMAND's; at the limit 124, or 137 after KILL;\n"
        "125: an error; 126: COMMAND cannot be run; 127: COMMAND was not found.\n",
        "timeout (tiny-reaper) " VERSION "\n", true, FAILED, {{0}}},
    {{"tini", "tini-static", "docker-init"}, TINI, "c", "tini -h", "tini [OPTION]... [--] PROGRAM [ARG]...",
        "Environment: TINI_VERBOSITY (a number, as -v), TINI_KILL_PROCESS_GROUP (as -g),\n"
        "TINI_SUBREAPER (not needed). Nothing that PROGRAM started is left running.\n",
        "tini version 0.19.0 (tiny-reaper " VERSION ")\n", false, 1,
        {{"TINI_KILL_PROCESS_GROUP", NULL, "g"}, {"TINI_VERBOSITY", NULL, "N"}}},
    {{"dumb-init"}, DUMB_INIT, "D", "dumb-init --help", "dumb-init [OPTION]... [--] COMMAND [ARG]...",
        "FROM and TO are numbers of signals. Environment: DUMB_INIT_SETSID=0 (as -c),\n"
        "DUMB_INIT_DEBUG=1 (as -v). Without -c nothing that COMMAND started is left.\n",
        "dumb-init v1.2.5 (tiny-reaper " VERSION ")\n", false, 1,
        {{"DUMB_INIT_SETSID", "0", "Ucl"}, {"DUMB_INIT_DEBUG", "1", "vv"}}},
};
enum { NTOOLS = sizeof TOOLS / sizeof TOOLS[0], NVARIABLES = 2 };

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
    const char *name;                               /* what we are called by: messages begin with it */
    const char *where;                              /* while parsing: where a word stands, as an error says it */
    int refusal;                                    /* while parsing: the exit status of an error */
    int64_t limit, grace;                           /* nanoseconds; 0: none, never */
    int64_t clear_grace;                            /* for what the command left behind; 0: never KILL */
    const char *limit_text;
    const char *report, *report_where;              /* the file; "" or the variable that names it */
    char **command;
    size_t nsignals;
    unsigned char signals[SIGNALS];                 /* those that end it, in turn; 0 sends nothing */
    unsigned char rewrite[SIGNALS + 1];             /* 0: dropped */
    bool success_status[256], success_signal[SIGNALS + 1];
    unsigned verbose;                               /* 1: what went otherwise than planned; 2: everything */
    unsigned levels;                                /* tini's verbosity: 1 and 2 are our 1, from 3 on our 2 */
    bool grace_given, preserve_status, single_child, die_with_parent, wait, leave, no_guard;
    bool leave_in_time;                             /* timeout: what the command left, having ended in time */
    bool alarm_is_limit;                            /* timeout: an ALRM that somebody sent is the limit */
    bool any_first;                                 /* timeout -k: the clock starts with any deadly signal */
    bool say_signals;                               /* timeout -v: each signal that the limit sends */
    bool warn_reaped;                               /* tini -w: each reaped orphan */
} opt = {
    .name = "tiny-reaper", .where = "", .report_where = "", .refusal = FAILED,
    .grace = DEFAULT_GRACE, .clear_grace = DEFAULT_GRACE, .nsignals = 1, .signals = {SIGTERM},
};

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
    bool forwarded_end;                             /* a signal that ends a process was forwarded */
    bool timed_out, escalated, killed_command, tells_job, reported;
    int wait_status;
    enum outcome outcome;
    int exit_status, exit_signal;                   /* what outer leaves with */
    unsigned long reaped, cleared;                  /* orphans; of those, the ones that had to be ended */
    unsigned forwarded_count;
    unsigned char forwarded[SIGNALS];               /* in order of first arrival */
    size_t size, command_length, running_length;    /* of the mapping; of the report's texts in it */
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

/* A signal's name without SIG, RTMIN+N or RTMAX-N, whichever end is nearer, or a number; in BUFFER where it has to be made. */
static const char *signal_name(int sig, char buffer[static 16])
{
    for (size_t i = 0; i < NSIGNAL_NAMES; i++)
        if (SIGNAL_NAMES[i].number == sig)
            return SIGNAL_NAMES[i].name;
    int low = sig - FIRST_REALTIME, high = SIGNALS - sig, offset = low < 0 ? sig : low <= high ? low : high;
    snprintf(buffer, 16, low < 0 ? "%d" : low <= high ? low ? "RTMIN+%d" : "RTMIN" : high ? "RTMAX-%d" : "RTMAX", offset);
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
    char line[LINE];
    size_t head = (size_t)snprintf(line, sizeof line, "%s: ", opt.name);
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

/* A word of the user's is not understood: one line that names it, and where it stood; nothing was started. */
#define refuse(format, ...) die(opt.refusal, "%s" format, opt.where, ##__VA_ARGS__)

static int64_t add(int64_t a, int64_t b) { return a > FOREVER - b ? FOREVER : a + b; }

/* A number as it was read: DIGITS * BASE to the POWER; `end` is what follows it, NULL: it is none. */
struct number {
    double digits;                                  /* a whole number below 2^53, or infinite */
    int base;
    long power;
    const char *end;
};

static int digit_value(char c, int base)
{
    int letter = c | 32, value = base;
    if (c >= '0' && c <= '9')
        value = c - '0';
    else if (letter >= 'a' && letter <= 'f')
        value = letter - 'a' + 10;
    return value < base ? value : -1;
}

/* What follows the exponent at AT, which is added to *POWER; AT itself where there is none. strtod(3) */
static const char *scan_exponent(const char *at, char letter, long *power)
{
    const char *digit = at + 1 + (at[0] && (at[1] == '+' || at[1] == '-'));
    long exponent = 0;
    if ((*at | 32) != letter || digit_value(*digit, 10) < 0)
        return at;
    for (; digit_value(*digit, 10) >= 0; digit++)
        if (exponent < 10 * 1000 * 1000)
            exponent = exponent * 10 + digit_value(*digit, 10);
    *power += at[1] == '-' ? -exponent : exponent;
    return digit;
}

/* Digits and at most one point; FULL: all that strtod(3) takes in the C locale, but no number below zero. */
static struct number scan_number(const char *at, bool full)
{
    struct number number = {.base = 10};
    const char *start = at + (full ? strspn(at, " \t\n\v\f\r") : 0);
    bool point = false, any = false;
    at = start + (full && (*start == '+' || *start == '-'));
    if (full && strncasecmp(at, "inf", 3) == 0) {
        number.digits = 1e300;
        number.end = *start == '-' ? NULL : at + (strncasecmp(at, "infinity", 8) == 0 ? 8 : 3);
        return number;
    }
    if (full && at[0] == '0' && (at[1] | 32) == 'x' && digit_value(at[2 + (at[2] == '.')], 16) >= 0)
        number.base = 16, at += 2;
    for (int digit; (digit = digit_value(*at, number.base)) >= 0 || (*at == '.' && !point); at++) {
        if (*at == '.') {
            point = true;
            continue;
        }
        bool fits = number.digits < 1e14;           /* further digits are less than a nanosecond a day */
        if (fits)
            number.digits = number.digits * number.base + digit;
        number.power += fits ? -point : !point;
        any = true;
    }
    bool hex = number.base == 16;
    number.power *= hex ? 4 : 1;
    number.base = hex ? 2 : 10;
    if (full && any)
        at = scan_exponent(at, hex ? 'p' : 'e', &number.power);
    number.end = any && (*start != '-' || number.digits <= 0) ? at : NULL;
    return number;
}

/* NUMBER of UNIT in nanoseconds; at least 1 unless it is zero, at most FOREVER. */
static int64_t scale(const struct number *number, int64_t unit)
{
    double sum = number->digits * (double)unit, factor = 1;
    if (sum <= 0)
        return 0;
    for (long power = labs(number->power); power > 0 && factor < 1e300; power--)
        factor *= number->base;
    sum = number->power < 0 ? sum / factor : sum * factor;
    return sum >= 9.2e18 ? FOREVER : sum < 1 ? 1 : (int64_t)(sum + 0.5);
}

/*
 * DURATION: `infinity` (0), or numbers with units, a lone number being seconds; FULL, as timeout(1) takes it:
 * a number as strtod(3) has it, and at most one unit of one letter. In nanoseconds into *RESULT, at most
 * FOREVER; the same in every locale. False: it is none.
 */
static bool parse_duration(const char *text, bool full, int64_t *result)
{
    *result = 0;
    if (!full && strcmp(text, "infinity") == 0)
        return true;
    for (const char *at = text; at == text || *at;) {
        struct number number = scan_number(at, full);
        size_t unit = full, length = 0;             /* the first row is ms */
        if (!number.end || (full && *number.end && number.end[1]))
            return false;
        bool alone = at == text && *number.end == '\0';
        for (; !alone && unit < NUNITS; unit++)
            if (strncmp(number.end, UNITS[unit].name, length = strlen(UNITS[unit].name)) == 0)
                break;
        if (unit == NUNITS)
            return false;
        *result = add(*result, scale(&number, alone ? SECOND : UNITS[unit].nanoseconds));
        at = number.end + length;
    }
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

/* SIG: a name with or without SIG in any case, RTMIN+N, RTMAX-N, or a number from 1 to 64; -1: none. */
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

/* timeout's SIGNAL: EXIT is 0; of a number the low bits count, so that a shell's $? may stand there (GNU). */
static int parse_timeout_signal(const char *text)
{
    int number = parse_number(text, 99999999);
    if (number < 0)
        return strcasecmp(text, "EXIT") == 0 || strcasecmp(text, "SIGEXIT") == 0 ? 0 : parse_signal(text);
    number &= number >= 0xff ? 0xff : 0x7f;
    return number <= SIGNALS ? number : -1;
}

/* Copies the piece of a list up to the next SEPARATOR and moves *LIST behind it; false: no piece left. */
static bool next_piece(const char **list, char separator, char piece[static 32])
{
    if (*list == NULL)
        return false;
    const char *end = strchr(*list, separator);
    size_t length = end ? (size_t)(end - *list) : strlen(*list);
    if (length >= 32)
        length = 0;                                 /* too long to mean anything: an empty piece is refused */
    memcpy(piece, *list, length);
    piece[length] = '\0';
    *list = end ? end + 1 : NULL;
    return true;
}

static const char SIGNAL_FORMS[] = "a name such as TERM or RTMIN+3, or a number from 1 to 64";

/* The list of -s. */
static void parse_signals(const char *text)
{
    char piece[32];
    opt.nsignals = 0;
    for (const char *list = text; next_piece(&list, ',', piece);) {
        int sig = parse_signal(piece);
        if (sig < 0 || opt.nsignals == SIGNALS)
            refuse("invalid signal list '%s': expected signals separated by commas, each %s",
                   text, SIGNAL_FORMS);
        opt.signals[opt.nsignals++] = (unsigned char)sig;
    }
}

/* The one signal of another tool's option; SIG below 0: it was not understood. */
static void take_signal_option(const char *text, int sig)
{
    if (sig < 0)
        refuse("invalid signal '%s': expected one signal, such as SIGTERM", text);
    opt.signals[0] = (unsigned char)sig;
    opt.nsignals = 1;
}

/* FROM:TO of -r; for dumb-init, which takes nothing else, NUMBERS of 1 to 31, and 0. */
static void parse_rewrite(const char *text, bool numbers)
{
    char from[32], to[32];
    const char *list = text, *forms = numbers ? "a number from 1 to 31" : SIGNAL_FORMS;
    int source = -1, target = -1;
    if (next_piece(&list, ':', from) && next_piece(&list, ':', to) && list == NULL) {
        source = numbers ? parse_number(from, 31) : parse_signal(from);
        target = numbers ? parse_number(to, 31) : strcmp(to, "0") == 0 ? 0 : parse_signal(to);
    }
    if (source <= 0 || target < 0 || (!numbers && (source == SIGKILL || source == SIGSTOP)))
        refuse("invalid rewrite '%s': expected FROM:TO, each %s; FROM can't be KILL or STOP, and TO may be 0",
               text, forms);
    opt.rewrite[source] = (unsigned char)target;
}

/* The list of -e. A number N is an exit with N and, above 128, a death by signal N - 128, as in a shell. */
static void parse_success(const char *text)
{
    char piece[32];
    for (const char *list = text; next_piece(&list, ',', piece);) {
        int number = parse_number(piece, 255), sig = number < 0 ? parse_signal(piece) : number - 128;
        if (number < 0 && sig < 0)
            refuse("invalid status list '%s': expected statuses from 0 to 255 or signal names, with commas",
                   text);
        if (number >= 0)
            opt.success_status[number] = true;
        if (sig >= 1 && sig <= SIGNALS)
            opt.success_signal[sig] = true;
    }
}

/* An option's value in nanoseconds; OPTION NULL: as timeout(1) takes it. */
static int64_t duration_of(const char *text, const char *option)
{
    int64_t duration;
    if (parse_duration(text, !option, &duration))
        return duration;
    if (option)
        refuse("invalid duration '%s' for --%s: expected a number with ms, s, m, h or d, such as 90, 1.5h or "
               "1h30m, or infinity", text, option);
    refuse("invalid duration '%s': expected a number such as 90 or 1e3, alone or with s, m, h or d", text);
}

/* Prints TEXT on standard output and ends; 125 where it can't be: --help >/dev/full is no success. */
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

/* `-t, --timeout=DURATION`, or as much of it as there is. */
static void put_option(struct text *text, const struct option_row *row)
{
    if (row->letter)
        put(text, "-%c%s", row->letter, row->name ? ", " : row->argument ? " " : "");
    if (row->name)
        put(text, "%s--%s%s", row->letter ? "" : "    ", row->name, row->argument ? "=" : "");
    put(text, "%s", row->argument ? row->argument : "");
}

/* --help: 80 columns, one screen. */
static void print_usage(const struct tool_row *tool) __attribute__((noreturn));
static void print_usage(const struct tool_row *tool)
{
    char buffer[2048], column[64];
    struct text text = {buffer, buffer + sizeof buffer};
    put(&text, "Usage: %s\n", tool->usage);
    put(&text, "Run a command, forward signals to it, and leave nothing of it behind.\n\n");
    for (const struct option_row *row = tool->options; row->does; row++) {
        struct text left = {column, column + sizeof column};
        put_option(&left, row);
        put(&text, "  %-*s %s\n", tool->options == OWN ? 39 : 26, column, row->help);
    }
    put(&text, "\n%s", tool->about);
    print_and_exit(buffer, (size_t)(text.at - buffer));
}

/* The effects that only another tool's options have. */
static void apply_foreign(char effect, const char *value)
{
    static const unsigned char stops[] = {SIGTSTP, SIGTTIN, SIGTTOU, 0};
    int number = value ? parse_number(value, 255) : -1, sig;
    switch (effect) {
    case 'X': opt.leave_in_time = opt.alarm_is_limit = opt.any_first = true, opt.grace = 0; break;
    case 'K':                                       /* timeout -k: 0 is as without */
        opt.grace = duration_of(value, NULL);
        opt.grace_given = opt.grace > 0;
        opt.clear_grace = opt.grace > 0 ? opt.grace : DEFAULT_GRACE;
        break;
    case 'T': opt.limit = duration_of(opt.limit_text = value, NULL); break;
    case 'S': take_signal_option(value, parse_timeout_signal(value)); break;
    case 'y': opt.say_signals = true; break;
    case 'P':                                       /* tini -p: SIG and the name, in capitals */
        sig = strncmp(value, "SIG", 3) == 0 ? parse_signal(value) : -1;
        take_signal_option(value, sig > 0 && strcmp(value + 3, NAME(sig)) == 0 ? sig : -1);
        opt.die_with_parent = true;
        break;
    case 'n': opt.levels++; break;
    case 'N': opt.levels = number > 0 ? (unsigned)number : 0; break;
    case 'W': opt.warn_reaped = true; break;
    case 'g': opt.single_child = false; break;
    case 'E':
        if (number < 0)
            refuse("invalid exit code '%s': expected a number from 0 to 255", value);
        parse_success(value);
        break;
    case 'R': parse_rewrite(value, true); break;
    case 'D':                                       /* dumb-init: these stop the group, but not with -c */
    case 'U':
        for (const unsigned char *stop = stops; *stop; stop++)
            if (opt.rewrite[*stop] == (effect == 'D' ? *stop : SIGSTOP))
                opt.rewrite[*stop] = effect == 'D' ? SIGSTOP : *stop;
    }
}

/* Does what DOES says, letter by letter, with an option's value. */
static void apply(const char *does, const char *value, const struct tool_row *tool)
{
    static const char licence[] = "tiny-reaper is free software under the MIT licence, without warranty.\n";
    for (; *does; does++)
        switch (*does) {
        case 't': opt.limit = duration_of(opt.limit_text = value, "timeout"); break;
        case 's': parse_signals(value); break;
        case 'k':
            opt.grace = opt.clear_grace = duration_of(value, "kill-after");
            opt.grace_given = true;
            break;
        case 'p': opt.preserve_status = true; break;
        case 'c': opt.single_child = true; break;
        case 'r': parse_rewrite(value, false); break;
        case 'e': parse_success(value); break;
        case 'd': opt.die_with_parent = true; break;
        case 'w': opt.wait = true; break;
        case 'l': opt.leave = true; break;
        case 'G': opt.no_guard = true; break;
        case 'o': opt.report = value, opt.report_where = opt.where; break;
        case 'v': opt.verbose += opt.verbose < 2; break;
        case 'h': print_usage(tool);
        case 'V': print_and_exit(tool->version, strlen(tool->version));
        case 'L': print_and_exit(licence, sizeof licence - 1);
        default: apply_foreign(*does, value);
        }
}

/* Where words come from: an argument vector, or a text, which is cut up in place. */
struct words {
    char **argv, *text;                             /* text NULL: argv */
};

/* The next word, NULL: there is none. */
static char *next_word(struct words *words)
{
    static const char blanks[] = " \t\n";
    if (!words->text)
        return *words->argv ? *words->argv++ : NULL;
    char *word = words->text + strspn(words->text, blanks), *end = word + strcspn(word, blanks);
    words->text = *end ? end + 1 : end;
    *end = '\0';
    return *word ? word : NULL;
}

/* The value of an option: REST of its own word, where there is any, or the next word; NULL: it takes none. */
static char *value_of(struct words *words, const struct tool_row *tool, const struct option_row *row,
                      char *rest)
{
    char option[64];
    struct text text = {option, option + sizeof option};
    char *value = !row->argument ? NULL : rest ? rest : next_word(words);
    put_option(&text, row);
    if (row->argument && !value)
        refuse("option '%s' needs a value; see '%s'", option + strspn(option, " "), tool->help);
    return value;
}

/* Takes a word of letters; the last may have its value there or in the next word. POSIX.1-2024, XBD 12.2 */
static void parse_letters(struct words *words, const struct tool_row *tool, char *word)
{
    for (char *at = word + 1; *at; at++) {
        const struct option_row *row = tool->options;
        while (row->does && row->letter != *at)
            row++;
        if (!row->does)
            refuse("unknown option '-%c'%s%s%s; see '%s'", *at, word[2] ? " in '" : "", word[2] ? word : "",
                   word[2] ? "'" : "", tool->help);
        apply(row->does, value_of(words, tool, row, at[1] ? at + 1 : NULL), tool);
        if (row->argument)
            return;
    }
}

/* Takes a long option, which may be shortened as long as only one is meant; getopt_long(3). */
static void parse_long(struct words *words, const struct tool_row *tool, char *word)
{
    char *name = word + 2;
    const struct option_row *found = NULL, *other = NULL;
    size_t length = strcspn(name, "=");
    for (const struct option_row *row = tool->options; row->does; row++) {
        if (!row->name || strncmp(row->name, name, length) != 0)
            continue;
        other = found;
        found = row;
        if (row->name[length] == '\0') {
            other = NULL;
            break;
        }
    }
    if (!found)
        refuse("unknown option '%s'; see '%s'", word, tool->help);
    if (other)
        refuse("option '%s' may mean --%s or --%s; see '%s'", word, other->name, found->name, tool->help);
    if (!found->argument && name[length])
        refuse("option '%s': --%s takes no value; see '%s'", word, found->name, tool->help);
    apply(found->does, value_of(words, tool, found, name[length] ? name + length + 1 : NULL), tool);
}

/*
 * Takes the options of one source; they end before the first word that is none, or behind `--`. Neither can
 * stand in a text. An -l or -w of this source replaces one of an earlier source.
 */
static void parse_words(struct words *words, const struct tool_row *tool)
{
    bool wait = opt.wait, leave = opt.leave;
    opt.wait = opt.leave = false;
    for (char *word; (word = next_word(words));) {
        bool is_end = strcmp(word, "--") == 0, is_option = word[0] == '-' && word[1] && !is_end;
        if (words->text && !is_option)
            refuse("'%s' is no option: only options may stand there", word);
        if (!is_option) {
            words->argv -= !is_end;
            break;
        }
        if (word[1] == '-')
            parse_long(words, tool, word);
        else
            parse_letters(words, tool, word);
    }
    if (!words->text)
        for (size_t i = 0; i < NVARIABLES && tool->variables[i].name; i++) {
            const struct variable_row *row = &tool->variables[i];
            const char *value = getenv(row->name);
            if (value && (!row->value || strcmp(value, row->value) == 0))
                apply(row->does, value, tool);
        }
    if (opt.wait && opt.leave)
        refuse("options --wait and --leave exclude each other");
    if (!opt.wait && !opt.leave)
        opt.wait = wait, opt.leave = leave;
}

/* The command line: options, timeout's DURATION, the command. */
static void parse_command_line(char **argv, const struct tool_row *tool)
{
    struct words words = {.argv = *argv ? argv + 1 : argv};
    parse_words(&words, tool);
    if (tool->takes_duration && *words.argv)
        apply_foreign('T', *words.argv++);
    if (!*words.argv)
        refuse("no command given; expected '%s'", tool->usage);
    opt.command = words.argv;
}

/* Takes every copy of a variable out of the environment: the text of the first one, NULL: there is none. */
static char *take_variable(const char *name)
{
    size_t length = strlen(name);
    char *value = NULL, **to = environ;
    if (!environ)
        return NULL;
    for (char **from = environ; *from; from++)
        if (strncmp(*from, name, length) != 0 || (*from)[length] != '=')
            *to++ = *from;
        else if (!value)
            value = *from + length + 1;
    *to = NULL;
    return value;
}

/* The name that we are called by: the last part of argv[0]. */
static const struct tool_row *tool_of(const char *path)
{
    const char *slash = path ? strrchr(path, '/') : NULL, *last = slash ? slash + 1 : path ? path : "";
    for (size_t i = 0; i < NTOOLS; i++)
        for (size_t j = 0; j < 3 && TOOLS[i].names[j]; j++)
            if (strcmp(last, TOOLS[i].names[j]) == 0)
                return &TOOLS[i];
    return &TOOLS[0];
}

/*
 * Fills in `opt`: the name's defaults, the options in TINY_REAPER, the command line; the last one wins. The
 * command line is taken twice, first alone: so -h, -V and its mistakes are answered, whatever the environment
 * holds. With more rights than its caller's (AT_SECURE) the program does not read the variable. getauxval(3)
 */
static void parse_options(char **argv)
{
    const struct tool_row *tool = tool_of(argv[0]);
    char *text = take_variable("TINY_REAPER");
    for (int sig = 0; sig <= SIGNALS; sig++)
        opt.rewrite[sig] = (unsigned char)sig;
    opt.name = tool->names[0];
    opt.refusal = tool->refusal;
    apply(tool->defaults, NULL, tool);
    const struct options fresh = opt;
    parse_command_line(argv, tool);
    if (text && !getauxval(AT_SECURE)) {
        opt = fresh;
        opt.where = "in TINY_REAPER: ";
        opt.refusal = FAILED;
        parse_words(&(struct words){.text = text}, &TOOLS[0]);
        opt.where = "";
        opt.refusal = tool->refusal;
        parse_command_line(argv, tool);
    }
    opt.verbose += (opt.levels < 3 ? opt.levels + 1 : 4) / 2;
    opt.verbose = opt.verbose < 2 ? opt.verbose : 2;
    opt.leave_in_time &= !opt.wait;
}

/* A lone number is in seconds: what to print behind the limit's text. */
static const char *limit_unit(void)
{
    return strchr("smhd", opt.limit_text[strlen(opt.limit_text) - 1]) ? "" : "s";
}

/* What ends the message that the command was not found: `tiny-reaper 10m make` was meant for timeout(1). */
static const char *duration_hint(void)
{
    int64_t duration;
    bool meant = !opt.limit && opt.command[1] && strcmp(opt.name, "tiny-reaper") == 0 &&
                 parse_duration(opt.command[0], false, &duration);
    return meant ? " (a time limit is given by -t)" : "";
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
    long parent;
    long long start;                                /* clock ticks since the boot */
};

/* The name may hold blanks and parentheses: the rest stands after the last one. False: no such process, or no /proc. */
static bool read_stat(pid_t pid, struct stat_line *stat)
{
    char buffer[1024], *open, *close;
    if (read_proc(pid, "stat", buffer, sizeof buffer) <= 0 || !(open = strchr(buffer, '(')) || !(close = strrchr(buffer, ')')))
        return false;
    snprintf(stat->name, sizeof stat->name, "%.*s", (int)(close - open - 1), open + 1);
    stat->state = (char)(close[1] ? close[2] : '?');
    char *at = close + (close[1] && close[2] ? 3 : 0);
    for (int field = 4; field <= 22; field++) {
        long long value = strtoll(at, &at, 10);
        if (field == 4)
            stat->parent = (long)value;
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
    if (read_stat(pid, &stat) && stat.parent == self.pid)
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
    for (int depth = 0; depth < 1000 && pid > 1 && read_stat(pid, &stat); depth++)
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
        if (!read_stat(pid, &stat))
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
    warn("cannot run '%s': %s%s", opt.command[0], strerror(error), error == ENOENT ? duration_hint() : "");
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
    if (told->before && ++told->looks <= 64 && read_stat(pid, &stat) && age_of(&stat) <= now() - run->termed + SECOND / 100)
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
    if (!read_stat(pid, &stat))
        stat = (struct stat_line){.name = "?", .state = '?'};
    warn("cannot end %s (pid %ld, state %c%s): left behind", stat.name, (long)pid, stat.state, kill(pid, 0) != 0 && errno == EPERM ? ", another user's" : "");
}

static void list_running(void);
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
        if (opt.say_signals)
            warn("sending signal %s to command '%s'", opt.signals[step] ? NAME(opt.signals[step]) : "EXIT", opt.command[0]);
        signal_group(opt.signals[step]);
        signal_group(SIGCONT);
        break;
    case CLEARING:
        grace = opt.clear_grace;
        ask_leftovers();
        if (self.blind)
            tell("no /proc: of what the command left behind only its group can be ended");
        else if (self.left)
            tell("%s left %ld process%s behind: sending TERM", opt.command[0], self.left, self.left == 1 ? "" : "es");
        break;
    case KILLING:
        if (opt.say_signals && !run->ended)
            warn("sending signal KILL to command '%s'", opt.command[0]);
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
        list_running();
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
    return !read_stat(pid, &stat) || stat.state == 'T';
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
    run->forwarded_end |= sig == SIGTERM || sig == SIGINT || sig == SIGQUIT || sig == SIGHUP;
    if (sig == SIGCONT && run->terminal && pass_terminal(false))
        run->terminal = 1;                          /* outer may have cleared it in between, for another member of the job */
    if (sig == SIGALRM && opt.alarm_is_limit && self.phase <= ASKED) {
        begin_end(LIMIT);
        return;
    }
    if (opt.single_child && !self.child_gone)
        send_signal(run->command, sig);
    else
        signal_group(sig);
    if (self.child_gone)
        each_child(forward_to_leftover, &sig);
    if (self.phase == RUNNING && opt.grace_given && opt.grace && (opt.any_first ? sig != SIGCONT && sig != SIGCHLD && sig != SIGURG && sig != SIGWINCH && sig != SIGTSTP && sig != SIGTTIN && sig != SIGTTOU
                       : sig == SIGTERM || sig == SIGINT || sig == SIGQUIT))
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
    if (opt.verbose > 1 || WIFSIGNALED(status))
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
    if (opt.warn_reaped)
        warn("reaped orphan %ld", (long)pid);
    run->escalated |= self.phase == KILLING && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;      /* where nobody could be counted before */
    if (opt.verbose < 2)
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

enum { RUNNING_SIZE = 64 * 1024, RECORD_SIZE = 4 * 1024 };

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
        die(FAILED, "%scannot open report file '%s': %s", opt.report_where, opt.report, strerror(errno));
    self.report_fd = fd > STDERR_FILENO ? fd : fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (self.report_fd < 0)
        die(FAILED, "%scannot open report file '%s': %s", opt.report_where, opt.report, strerror(errno));
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
    if (run->running_length) {
        put(&text, ",\"running\":[");
        memcpy(text.at, run->text + run->command_length, run->running_length);
        text.at += run->running_length;
        put(&text, "]");
    }
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

/* ---------------------------------------------------------------- what is running */

/* The state of a walk over the tree below us. */
struct walk {
    int depth, columns;
    struct text json;
    bool first;
};

static void show_process(pid_t pid, void *argument);

static void show_task(pid_t task, void *argument)
{
    char path[64];
    const struct { pid_t pid; struct walk *walk; } *of = argument;
    snprintf(path, sizeof path, "/proc/%ld/task/%ld/children", (long)of->pid, (long)task);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    each_number(fd, show_process, of->walk);
    close(fd);
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

/* One process: a line on standard error under -v, an object for the report; then those below it. */
static void show_process(pid_t pid, void *argument)
{
    struct walk *walk = argument;
    struct stat_line stat;
    char line[512], waits_in[64], row[LINE];
    if ((self.spares && walk->depth == 0 && bit(spared_pids, pid)) || walk->depth > 100 || !read_stat(pid, &stat))
        return;
    read_command_line(pid, stat.name, line, sizeof line);
    if (read_proc(pid, "wchan", waits_in, sizeof waits_in) <= 0 || strcmp(waits_in, "0") == 0)
        strcpy(waits_in, "-");
    long long ms = age_of(&stat) / 1000000;
    snprintf(row, sizeof row, "%7ld %5c %6lld.%lld s  %-18s %*s%s", (long)pid, stat.state, ms / 1000, ms / 100 % 10, waits_in, 2 * walk->depth, "", line);
    tell("%.*s", walk->columns, row);
    if (opt.report && walk->json.end - walk->json.at > 4096) {
        put(&walk->json, "%s{\"pid\":%ld,\"ppid\":%ld,\"state\":\"%c\",\"elapsed_s\":%lld.%03lld,\"wchan\":", walk->first ? "" : ",", (long)pid, stat.parent, stat.state, ms / 1000, ms % 1000);
        put_json(&walk->json, waits_in);
        put(&walk->json, ",\"command\":");
        put_json(&walk->json, line);
        put(&walk->json, "}");
        walk->first = false;
    }
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/task", (long)pid);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    walk->depth++;
    each_entry(fd, show_task, &(struct { pid_t pid; struct walk *walk; }){pid, walk});
    walk->depth--;
    close(fd);
}

/* At the limit: what is still running, as a tree. What it waits in (wchan) is what people look for: a futex, a pipe, a child. */
static void list_running(void)
{
    struct winsize size;
    char *start = run->text + run->command_length;
    struct walk walk = {.columns = LINE, .json = {start, start + RUNNING_SIZE}, .first = true};
    if (!opt.verbose && !opt.report)
        return;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col)
        walk.columns = size.ws_col > 32 ? size.ws_col - (int)strlen("tiny-reaper: ") : 19;
    tell("still running:");
    tell("%.*s", walk.columns, "    pid state  elapsed  waits in           command");
    each_child(show_process, &walk);
    if (opt.report)
        run->running_length = (size_t)(walk.json.at - start);
}

/* ---------------------------------------------------------------- supervising */

/* The command has ended: is what it left behind left alone? */
static bool leaves(void)
{
    return opt.leave || (opt.leave_in_time && self.phase == RUNNING && !run->forwarded_end);
}

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
        if (self.child_gone && !self.childless && self.phase < CLEARING && !leaves() && !(opt.wait && self.phase <= ASKED))
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
    if (!self.is_guard && leaves() && self.phase < CLEARING)
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
    map_run(!alone || terminal);                    /* with a terminal the command is started by fork: *run must be shared with it */
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
    (void)argc;
    parse_options(argv);
    open_report();
    begin();
    take_chld();
    if (opt.die_with_parent)
        watch_parent();
    spare_children();
    become_subreaper();
    if ((self.pid == 1 || opt.no_guard || split(argv[0])) && !self.is_guard) {
        enter(RUNNING, 0);
        if (start_command() && !run->failed_call && opt.verbose > 1)
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

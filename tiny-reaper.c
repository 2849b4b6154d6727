/*
 * tiny-reaper - run a command, and leave nothing of it behind.
 *
 * Two processes stand between the caller and the command (one with -G, or as PID 1):
 *
 *      caller                      a shell, a container engine, a CI runner
 *        |
 *      outer     "tiny-reaper"     the guard: in the caller's process group (the job); it faces the caller, who knows
 *        |                         its pid: signals, the terminal, being stopped. It has the JOB_SIDE
 *      inner     "tiny-supervisor" the supervisor: leads the command's group, all signals blocked, a subreaper; it owns
 *        |                         the command, the reaping and the phases. It has the COMMAND_SIDE
 *      command                     born into that group, not its leader: what it starts, at any depth, comes to inner
 *
 * The invariant: the supervisor blocks nowhere but in its one wait for signals, and every look sees the other process,
 * the children, the deadline, the terminal - in this order - and is bounded. A look that met its bound does not sleep.
 *
 *   a signal to outer     blocked from the first instruction on; outer takes it and writes its number into a ring, inner
 *                         reads the ring and passes it to the command's group. What comes to inner itself only wakes it,
 *                         or was typed at the terminal, and goes to the job (hear())
 *   the alarm             a timer of inner's own: it wakes, the clock decides (look_around())
 *   the command stops     inner says so in run->stop, outer answers in run->stand, and stops itself as the command did
 *   outer is killed       inner's parent-death signal (CONT, which a stopped one hears too) wakes it; it takes JOB_SIDE
 *                         as well, and KILLs everything, at once
 *   inner is killed       its children are outer's now (a subreaper): outer takes COMMAND_SIDE, and KILLs everything
 *   both are killed       the command's parent-death signal is KILL; what it started goes on (no tool could know of it)
 *
 * Killed between any two calls of the start: before inner has armed its parent-death signal it finds itself with another
 * parent, and leaves; the same holds for the command's side of the fork; from then on the kernel's signal is on its way.
 *
 * Contents, in the words of the banners; start reading at main():
 *   tables               what the user may write, by name: options, signals, units
 *   state                opt: what was asked for; run: what both processes know; self: this process's own part
 *   text and messages    texts of bounded size, lines on standard error that never wait, JSON; owns self.messages
 *   parsing              arguments and TINY_REAPER into opt, which nobody writes afterwards
 *   time                 the clocks, and the one timer; owns self.timer
 *   signals              masks, the ring from outer to inner, waking; owns run->ring
 *   /proc                what may be read without blocking: status, comm, children
 *   where the terminal is    looked at, never stored; passing it to a group, its modes
 *   starting             the guard, the supervisor, the command; letting go of what was inherited
 *   looker               a child that may be lost reads what may block: why it hangs, what is left, who reads a pipe
 *   ending               the phases, and who is signalled in each; owns self.phase
 *   forwarding           the ring's signals to the command, the terminal's to the job
 *   reaping              every child's end, stop and continuation; owns run->stop
 *   stops and terminal   the job's side: owns run->stand; table above follow()
 *   report               one line of JSON
 *   supervising          the look, and the loop of both processes
 *   leaving              the verdict, and the end as the command ended
 *   main
 */
#define _GNU_SOURCE
#define _TIME_BITS 64
#define _FILE_OFFSET_BITS 64
#include <elf.h>
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
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define VERSION "2.0.0"

#ifndef RWF_NOWAIT
#define RWF_NOWAIT 8
#endif
/* The kernel's own call, with its own structure of two longs; only where there never was one, with two of 64 bits. */
#if defined SYS_rt_sigtimedwait_time32
#define SYS_wait_for_signal SYS_rt_sigtimedwait_time32
typedef long wait_time;
#elif defined SYS_rt_sigtimedwait
#define SYS_wait_for_signal SYS_rt_sigtimedwait
typedef long wait_time;
#else
#define SYS_wait_for_signal SYS_rt_sigtimedwait_time64
typedef int64_t wait_time;
#endif
#if !defined SYS_timer_settime && defined SYS_timer_settime32
#define SYS_timer_settime SYS_timer_settime32
#endif

enum {
    TIMED_OUT = 124, FAILED = 125, CANNOT_RUN = 126, NOT_FOUND = 127,   /* exit statuses, as timeout(1) has them */
    TIMED_OUT_KILLED = 137,
    SIGNALS = 64,                   /* the kernel's signals are 1 to 64, whatever libc keeps for itself */
    FIRST_REALTIME = 34,            /* what glibc calls SIGRTMIN; the kernel's 32 and 33 are libc's own */
    LINE = 1024,                    /* the longest message, in bytes */
    PIDS = 1 << 22,                 /* PID_MAX_LIMIT of a 64-bit kernel */
    REAP_MOST = 256,                /* children reaped in one look */
    SEARCH_MOST = 1024,             /* processes whose children are looked for in one look */
    DEPTH_MOST = 1000,              /* steps upwards in the tree */
    SENDERS = 32,                   /* the report names as many */
};

static const int64_t SECOND = 1000000000, FOREVER = INT64_MAX;      /* nanoseconds */
static const int64_t DEFAULT_GRACE = 5 * 1000000000LL;
static const int64_t LOOK_TIME = 100 * 1000000LL, SURVEY_TIME = 1000000000LL;   /* of the looker: why, who is left */
static const int64_t DEEP_AFTER = 100 * 1000000LL;      /* what has not died of KILL by then may have somebody below it */

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
    int64_t limit, grace;           /* nanoseconds; 0: none, never KILL */
    int64_t clear_grace;            /* the grace of what is left behind */
    const char *limit_text, *report, *name;
    char **command;
    size_t nsignals;
    unsigned char signals[SIGNALS]; /* those that end it, in turn; 0: none is sent */
    unsigned char rewrite[SIGNALS + 1];     /* 0: dropped */
    bool success_status[256], success_signal[SIGNALS + 1];
    unsigned verbose;               /* -v: 1, -vv: 2 */
    bool grace_given, preserve_status, single_child, die_with_parent, wait, leave, no_guard;
    bool leave_in_time;             /* leave alone what a command that was not ended by us left behind */
    bool alarm_is_limit;            /* an ALRM that somebody sends is the limit */
    bool any_first;                 /* with -k any first signal that is forwarded escalates */
    bool say_signals, warn_reaped;  /* say each signal of the limit; each orphan */
} opt = {.grace = 5 * 1000000000LL, .clear_grace = 5 * 1000000000LL, .nsignals = 1, .signals = {SIGTERM}, .name = "tiny-reaper"};

enum outcome { NOT_STARTED, EXITED, SIGNALED, LIMIT, PARENT_DIED, KILLED };

enum { JOB_SIDE = 1, COMMAND_SIDE = 2 };    /* guard: 1, supervisor: 2, -G and PID 1: both; a survivor takes the other's */

/* How the job's side answers a stop of the command. */
enum stand {
    FOLLOWING,                      /* nothing to do, or a CONT is on its way */
    GRANTED,                        /* the terminal is the command's: continue it */
    ASKING,                         /* a neighbour was asked, its CONT will come */
    HALTED,                         /* about to stop, or stopped, as the command did */
    REFUSED,                        /* nobody could continue us: undo the stop */
};

struct sender {
    pid_t pid;                      /* 0: the kernel, or a process outside this PID namespace */
    int signal;
    char name[16];                  /* comm; empty: unknown */
};

/* What is known about the run, in a page that outer and inner share: whoever survives has it all. */
static struct run {
    /* Fixed before the fork, by outer: who reads it is forked later. */
    pid_t outer;
    int64_t started, date;          /* CLOCK_MONOTONIC, CLOCK_REALTIME */
    dev_t stdin_dev;                /* what standard input was, in which leftovers do not count as readers */
    ino_t stdin_ino;
    bool foreground;                /* job 0, and it has the terminal */
    bool wants_terminal;            /* at the start */
    char oom_file[256];             /* where the cgroup's OOM kills are counted; empty: nowhere */
    long long oom_before;
    char title[64], limit[32];      /* the command's name and the limit, for messages: inner wipes its arguments */

    /* By the command's side of the fork before its exec, and then nobody: who reads it has reaped, or forked, it. */
    atomic_int command;             /* its pid, before inner could note it */
    atomic_int failed_status;       /* 0: it was started */
    char failure[LINE / 2];
    struct termios modes;           /* of the terminal when it was given */
    atomic_bool has_modes;

    /* By the job's side: outer, or its heir. Levels and a ring: each is read whole, or not at all. */
    atomic_int job;                 /* our process group at the start; 0: it has no number here, or outer has left it */
    atomic_uint stand;              /* serial << 8 | enum stand: the answer to the stop of that serial */
    atomic_uint ring_head;          /* how many signals were written */
    atomic_bool ring_full;          /* outer waits for room */
    unsigned char ring[256];
    atomic_int parent_died;
    atomic_uint nsenders;
    struct sender senders[SENDERS];

    /* By the command's side: inner, or its heir (the guard, when inner is dead). */
    atomic_uint ring_tail;          /* how many signals were read */
    atomic_uint seen;               /* how many were passed on, and the children's reports taken after that */
    atomic_uint stop;               /* serial << 8 | signal: how the command is stopped; 0: it goes on */
    atomic_int inner;               /* the supervisor: outer itself without a guard */
    atomic_bool ended, done;        /* the command is reaped; the work is finished: outer only mirrors */
    atomic_bool reported;           /* a report that is no file was begun */
    bool told_end;                  /* a signal that ends was forwarded, or the limit's was sent */
    bool escalated, killed_command;
    int wait_status;
    enum outcome outcome;
    bool timed_out;
    int exit_status, exit_signal;   /* what outer leaves with */
    int64_t termed;                 /* CLOCK_BOOTTIME when the group last got a TERM from here; 0: never */
    unsigned long reaped, cleared;  /* orphans; of those, the ones that had to be ended */
    long long user_us, system_us;   /* of all that was reaped */
    long max_rss;                   /* kB */
    unsigned forwarded_count;
    unsigned char forwarded[SIGNALS];       /* in order of first arrival */

    atomic_int released;            /* by outer, 1, and inner, 2: nothing of the caller's is held; the command waits for 3 */
    size_t size, command_length;    /* of the mapping; of the command's text in it */
    char text[];                    /* for the report: the command, then the report itself */
} *run;

enum phase {
    RUNNING,                        /* armed: the limit */
    ASKED,                          /* a signal that ends was forwarded, with -k given; armed: the grace */
    ENDING,                         /* the signals of -s in turn; armed: the grace of each */
    LOOKING,                        /* the looker is at work; armed: its time */
    CLEARING,                       /* the command is gone, what it left behind has got TERM; armed: the grace */
    READING,                        /* only readers are left, about to meet their end-of-file; armed: their time */
    KILLING,                        /* KILL to everything; armed: how long we wait for what cannot be killed */
    OVER,                           /* nothing more can be done */
};

/* This process's own part. */
static struct self {
    pid_t pid, parent, child;       /* child: inner for outer, the command for inner */
    int role;
    bool child_gone, childless;     /* the child is reaped; wait4 said ECHILD */
    bool more;                      /* a look met its bound: look again before the next sleep */
    bool spares;                    /* there are children from before the start */
    bool blind;                     /* no /proc to find the children in */
    bool due;                       /* a child has ended: time for a sweep */
    /* the job's side */
    bool wants;                     /* the command wants the terminal */
    bool job_waits;                 /* a member of the job has asked for the terminal when it was not to be had */
    /* the command's side */
    unsigned serial, served;        /* of the last stop; of the last stop whose answer was carried out */
    pid_t sent_stop;                /* who got a STOP from here as the command did: outer, or -job; 0: nobody */
    bool group_stopped;             /* the whole group got that STOP, and we with it */
    bool hung_up;                   /* the command was told by HUP that it can't have the terminal */
    bool surveyed;                  /* the looker has seen what the command left behind */
    bool sparing;                   /* who reads a pipe is not asked yet */
    enum phase phase, then;         /* then: what comes after LOOKING */
    size_t step, then_step;         /* ENDING: which of opt.signals; KILLING: 1 when it goes deep */
    int64_t deadline;               /* of the phase, CLOCK_MONOTONIC; 0: none */
    int64_t last_end;               /* when a child last ended */
    bool has_timer, armed;          /* armed: the kernel will wake us at the deadline */
    timer_t timer;
    pid_t looker;
    long left, reading;             /* children at the last sweep; readers among them that are spared */
    int sweep_signal;
    unsigned queue_head, queue_tail;
    uint64_t refusals;              /* bit N - 1: that signal N could not be passed on was said */
    int messages, report_fd;        /* where messages go, opened by us (0: not yet, -1: nowhere); the report */
    bool has_stderr;
    struct mask inherited_mask;
    struct sigaction inherited_chld;
} self;                             /* all zero: it costs no byte of the file */

/* One bit a pid; untouched pages of these cost nothing. */
static unsigned char spared_pids[PIDS / 8];     /* children from before the start */
static unsigned char told_pids[PIDS / 8];       /* have got their TERM */
static unsigned char reader_pids[PIDS / 8];     /* read a pipe that is about to end */
static unsigned char searched_pids[2][PIDS / 8];    /* their children were looked for, to get TERM; KILL */
static pid_t search_queue[1 << 14];             /* of self.queue_head, self.queue_tail */

static bool bit(const unsigned char *set, pid_t pid) { return set[pid / 8] >> pid % 8 & 1; }
static void set_bit(unsigned char *set, pid_t pid) { set[pid / 8] = (unsigned char)(set[pid / 8] | 1u << pid % 8); }

/* Touches the page only if there is something to clear. */
static void clear_bit(unsigned char *set, pid_t pid)
{
    if (bit(set, pid))
        set[pid / 8] = (unsigned char)(set[pid / 8] & ~(1u << pid % 8));
}

static bool has(int role) { return (self.role & role) != 0; }

/* Are there two processes, guard and supervisor? */
static bool guarded(void) { return run->inner != run->outer; }

/* The command's process group: led by the supervisor; without a guard by the command itself. */
static pid_t group(void) { return guarded() ? run->inner : run->command; }

/* ---------------------------------------------------------------- text and messages */

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

/* A signal's name without SIG, RTMIN+N or RTMAX-N as is nearer, or a number; in BUFFER where it has to be made. */
static const char *signal_name(int sig, char buffer[static 16])
{
    int low = sig - FIRST_REALTIME, high = SIGNALS - sig;
    for (size_t i = 0; i < NSIGNAL_NAMES; i++)
        if (SIGNAL_NAMES[i].number == sig)
            return SIGNAL_NAMES[i].name;
    if (low < 0)
        snprintf(buffer, 16, "%d", sig);
    else if (low <= high)
        snprintf(buffer, 16, low ? "RTMIN+%d" : "RTMIN", low);
    else
        snprintf(buffer, 16, high ? "RTMAX-%d" : "RTMAX", high);
    return buffer;
}
#define NAME(sig) signal_name(sig, (char[16]){0})

/* The length of the UTF-8 sequence at AT, 0 if it is none. RFC 3629: neither overlong, nor a surrogate, nor too high. */
static size_t utf8_length(const unsigned char *at)
{
    size_t length = at[0] < 0x80 ? 1 : at[0] < 0xc2 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : at[0] < 0xf5 ? 4 : 0;
    for (size_t i = 1; i < length; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) || (at[0] == 0xf0 && at[1] < 0x90) ||
        (at[0] == 0xf4 && at[1] > 0x8f))
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

/* Makes a line harmless for a terminal: control characters, U+0080 to U+009F and what is not UTF-8 become `?`. */
static void make_harmless(char *line, size_t length)
{
    for (size_t i = 0, n; i < length; i += n) {
        unsigned char *at = (unsigned char *)line + i;
        n = utf8_length(at);
        if (n > length - i)
            n = 0;
        if (n == 0 || *at < ' ' || *at == 0x7f || (*at == 0xc2 && at[1] < 0xa0))
            memset(at, '?', n = n ? n : 1);
    }
}

/*
 * The descriptor for messages, which never waits: a pipe or a terminal is opened anew without blocking, since the state
 * of the caller's own description is not ours to change, and poll() says yes where write() then sleeps. The controlling
 * terminal has a name that always opens. -1: it can't be opened; messages are lost then, rather than the supervisor.
 */
static int open_messages(mode_t mode)
{
    const char *path = S_ISCHR(mode) && tcgetpgrp(STDERR_FILENO) >= 0 ? "/dev/tty" : "/proc/self/fd/2";
    int fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC), high = fd;
    if (fd >= 0 && fd <= STDERR_FILENO) {           /* 0 or 1 was closed, and stays so for the command */
        high = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        close(fd);
    }
    return high;
}

/* Writes to standard error and never waits once a command runs: what is not taken at once is lost. */
static void write_stderr(const char *line, size_t length)
{
    struct stat status;
    struct iovec vector = {(char *)(uintptr_t)line, length};
    if (!self.has_stderr || fstat(STDERR_FILENO, &status) != 0)
        return;
    bool tty = S_ISCHR(status.st_mode) && isatty(STDERR_FILENO), fifo = S_ISFIFO(status.st_mode);
    if (!run || !run->command) {                    /* nothing is supervised yet */
        struct pollfd ready = {.fd = STDERR_FILENO, .events = POLLOUT};
        if (poll(&ready, 1, 0) != 1 || ready.revents != POLLOUT)
            return;
    } else if (S_ISSOCK(status.st_mode)) {
        send(STDERR_FILENO, line, length, MSG_DONTWAIT | MSG_NOSIGNAL);
        return;
    } else if (tty || fifo) {
        if (self.messages == 0)
            self.messages = open_messages(status.st_mode);
        if (self.messages > 0 && write(self.messages, line, length) < 0 && errno == EBADF)
            self.messages = -1;
        else if (self.messages < 0 && fifo)         /* Linux 6.4 on; before that the message is lost */
            syscall(SYS_pwritev2, STDERR_FILENO, &vector, 1ul, -1ul, -1ul, RWF_NOWAIT);
        return;
    }
    while (write(STDERR_FILENO, line, length) < 0 && errno == EINTR)
        continue;
}

static void vsay(const char *format, va_list arguments)
{
    char line[LINE];
    size_t head = (size_t)snprintf(line, sizeof line, "%s: ", opt.name);
    int n = vsnprintf(line + head, sizeof line - head - 1, format, arguments);
    size_t length = n < 0 ? head : head + (size_t)n < sizeof line - 2 ? head + (size_t)n : sizeof line - 2;
    make_harmless(line, length);
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

/* What only -v says: that something went otherwise than planned. What only -vv says: everything. */
#define tell(...) (opt.verbose > 0 ? warn(__VA_ARGS__) : (void)0)
#define tell_all(...) (opt.verbose > 1 ? warn(__VA_ARGS__) : (void)0)

/* The command line can't be understood, or not even a page can be had: one line, and the end of this process. */
static void die(int status, const char *format, ...) __attribute__((format(printf, 2, 3), noreturn));
static void die(int status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsay(format, arguments);
    va_end(arguments);
    _exit(status);
}

/* Leaves word, in the shared page, of what makes a start impossible; conclude() says it. The first word counts. False. */
static bool cannot(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool cannot(int status, const char *format, ...)
{
    va_list arguments;
    if (run->failed_status)
        return false;
    va_start(arguments, format);
    vsnprintf(run->failure, sizeof run->failure, format, arguments);
    va_end(arguments);
    run->failed_status = status;
    return false;
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
    case 'k': opt.clear_grace = opt.grace = parse_option_duration("kill-after", value), opt.grace_given = true; break;
    case 'p': opt.preserve_status = true; break;
    case 'c': opt.single_child = true; break;
    case 'r': parse_rewrite(value); break;
    case 'e': parse_success(value); break;
    case 'd': opt.die_with_parent = true; break;
    case 'w': opt.wait = true; break;
    case 'l': opt.leave = true; break;
    case 'G': opt.no_guard = true; break;
    case 'o': opt.report = value; break;
    case 'v': opt.verbose++; break;
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

/* A clock in nanoseconds. Where time_t is the kernel's own it is asked by a plain call: the vdso's costs more to find. */
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
 * Sets the phase's deadline on CLOCK_MONOTONIC, 0 for never, and the timer whose SIGALRM wakes us then: by the kernel's
 * own call, since musl's timer_create() brings threads along. It only wakes: a stale one, or one that is lost, does no
 * harm, and where no timer is to be had (a user's pending signals are counted) the wait for signals has a limit of its
 * own (self.armed). The kernel's structure of 64 bits is libc's where time_t has 64. timer_create(2), timer_settime(2)
 */
static void arm(int64_t deadline)
{
    self.deadline = deadline;
    self.armed = false;
    if (deadline == 0 && !self.has_timer)
        return;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM, .sigev_value.sival_ptr = &self.timer};
    int id = 0;
    if (!self.has_timer && syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id) != 0)
        return;
    if (!self.has_timer)
        self.timer = (timer_t)(intptr_t)id;
    self.has_timer = true;
#ifdef SYS_timer_settime64
    struct { int64_t interval[2], value[2]; } when = {{0}, {deadline / SECOND, deadline % SECOND}};
    long number = SYS_timer_settime64;
    if (syscall(number, (int)(intptr_t)self.timer, TIMER_ABSTIME, &when, NULL) == 0) {
        self.armed = deadline != 0;
        return;
    }
#endif
#ifdef SYS_timer_settime
    long seconds = deadline / SECOND < LONG_MAX ? (long)(deadline / SECOND) : LONG_MAX;
    struct { long interval[2], value[2]; } old = {{0}, {seconds, (long)(deadline % SECOND)}};
    self.armed = syscall(SYS_timer_settime, (int)(intptr_t)self.timer, TIMER_ABSTIME, &old, NULL) == 0 && deadline;
#endif
}

/* ---------------------------------------------------------------- signals */

static struct mask all_signals(void)
{
    struct mask all;
    memset(&all, 0xff, sizeof all);
    return all;
}

static struct mask mask_of(int sig)
{
    struct mask mask = {{0}};
    size_t width = 8 * sizeof mask.bits[0], index = (size_t)sig - 1;
    mask.bits[index / width] = 1ul << index % width;
    return mask;
}

/* Waits up to TIMEOUT nanoseconds (-1: for ever) for a signal of SET: its number, or -1. The one wait. sigtimedwait(2) */
static int take_signal(const struct mask *set, siginfo_t *info, int64_t timeout)
{
    wait_time rest[2] = {(wait_time)(timeout / SECOND < INT32_MAX ? timeout / SECOND : INT32_MAX), (wait_time)(timeout % SECOND)};
    return (int)syscall(SYS_wait_for_signal, set, info, timeout < 0 ? NULL : rest, sizeof *set);
}

/* Takes SIG if it is pending. */
static bool take_pending(int sig, siginfo_t *info)
{
    struct mask mask = mask_of(sig);
    return take_signal(&mask, info, 0) > 0;
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

static bool is_stop(int sig)
{
    return sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU;
}

/* Was SIG ignored when we were started? What is ignored while it is blocked still comes here: nobody changes that. */
static bool is_ignored(int sig)
{
    struct sigaction action;
    return sigaction(sig, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

/* SIG_DFL for SIG, which may be 32 to 34: musl's sigaction refuses these; all zeros is SIG_DFL in the kernel's form. */
static void set_default(int sig)
{
    syscall(SYS_rt_sigaction, sig, (unsigned long[8]){0}, NULL, sizeof(struct mask));
}

/*
 * An ignored SIGCHLD would have the kernel throw statuses away: it is default here, and the command gets it back. Where
 * it is default already it is not set: that would throw away one that is pending (POSIX 2.4.3).
 */
static bool take_chld(void)
{
    const struct sigaction by_default = {.sa_handler = SIG_DFL};
    if (sigaction(SIGCHLD, NULL, &self.inherited_chld) == 0 &&
        (self.inherited_chld.sa_handler == SIG_DFL || sigaction(SIGCHLD, &by_default, NULL) == 0))
        return true;
    return cannot(FAILED, "cannot reset SIGCHLD: %s", strerror(errno));
}

/* kill(2), judged: nobody there any more is normal, and false; anything else but success is told. */
static bool send_signal(pid_t target, int sig)
{
    if (kill(target, sig) == 0)
        return true;
    if (errno != ESRCH)
        tell("cannot send %s to %s %ld: %s", NAME(sig), target < 0 ? "group" : "process",
             target < 0 ? -(long)target : (long)target, strerror(errno));
    return false;
}

/*
 * Wakes the other one of the two, so that it looks at *run: a CHLD to its thread, which does not merge with one that
 * somebody has sent to the process. inner: outer's id can't have been recycled while it is our parent.
 */
static void wake(pid_t pid)
{
    if (guarded() && (has(JOB_SIDE) ? !self.child_gone : getppid() == run->outer))
        syscall(SYS_tgkill, pid, pid, SIGCHLD);
}

/* From inner to outer, while it is there. */
static void signal_outer(int sig)
{
    if (guarded() && !has(JOB_SIDE) && getppid() == run->outer)
        kill(run->outer, sig);
}

/*
 * The ring from outer to inner: what is to be passed on, in order. A shared pending set would lose some: a stop flushes
 * a CONT, two USR1 merge, a member's `kill 0` merges with outer's TERM. One writer, one reader; full, outer takes no
 * more for a while, but a CHLD, for which room is kept, and which merges as it does in the kernel.
 */
enum { RING = sizeof run->ring };

static bool ring_is_full(void) { return run->ring_head - run->ring_tail >= RING - 2; }

static bool ring_holds(int sig)
{
    for (unsigned at = run->ring_tail; at != run->ring_head; at++)
        if (run->ring[at % RING] == sig)
            return true;
    return false;
}

static void ring_write(int sig)
{
    unsigned head = run->ring_head;
    if (head - run->ring_tail >= RING || (ring_is_full() && ring_holds(sig)))
        return;
    run->ring[head % RING] = (unsigned char)sig;
    run->ring_head = head + 1;
    wake(run->inner);
}

/* The next signal, or 0: none. */
static int ring_read(void)
{
    unsigned tail = run->ring_tail;
    if (tail == run->ring_head)
        return 0;
    int sig = run->ring[tail % RING];
    run->ring_tail = tail + 1;
    if (tail + 1 == run->ring_head && atomic_exchange(&run->ring_full, false))
        wake(run->outer);
    return sig;
}

/* ---------------------------------------------------------------- /proc */
/*
 * A task that hangs in execve holds whoever reads its stat, wchan, syscall or links, and one in state D may hold whoever
 * reads its cmdline. So outer and inner read status, comm and children, and nothing else; the rest is the looker's.
 */

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

/* proc(5), /proc/PID/status */
struct status {
    char state;
    pid_t parent;
};

/* The number behind "\nFIELD:\t" in a status text, in BASE; 0: there is none. A newline within a name is escaped. */
static unsigned long long status_field(const char *text, const char *field, int base)
{
    const char *at = strstr(text, field);
    return at ? strtoull(at + strlen(field), NULL, base) : 0;
}

/* False: no such process, or no /proc. */
static bool read_status(pid_t pid, struct status *status)
{
    char text[512];
    const char *state;
    if (read_proc(pid, "status", text, sizeof text) <= 0 || !(state = strstr(text, "\nState:\t")))
        return false;
    status->state = state[8];
    unsigned long long parent = status_field(text, "\nPPid:\t", 10);
    status->parent = parent < PIDS ? (pid_t)parent : 0;
    return true;
}

/* The parent of PID, 0 if it can't be seen. */
static pid_t parent_of(pid_t pid)
{
    struct status status;
    return read_status(pid, &status) ? status.parent : 0;
}

/* Does PID catch SIG, or block it? proc(5): bit N - 1 is signal N. */
static bool handles(pid_t pid, int sig)
{
    char text[4096];
    if (read_proc(pid, "status", text, sizeof text) <= 0)
        return false;
    return ((status_field(text, "\nSigCgt:\t", 16) | status_field(text, "\nSigBlk:\t", 16)) >> (sig - 1)) & 1;
}

/* Does a signal SIG wait at process PID? */
static bool waits_at(pid_t pid, int sig)
{
    char text[4096];
    if (read_proc(pid, "status", text, sizeof text) <= 0)
        return false;
    return ((status_field(text, "\nSigPnd:\t", 16) | status_field(text, "\nShdPnd:\t", 16)) >> (sig - 1)) & 1;
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

typedef void visit_t(pid_t pid, void *argument);

/* Calls VISIT for each process ID in the text of numbers and blanks that FD has (/proc/PID/task/TID/children). */
static void each_number(int fd, visit_t *visit, void *argument)
{
    char chunk[1024];
    long number = 0;
    for (ssize_t n; (n = read(fd, chunk, sizeof chunk)) > 0;)
        for (ssize_t i = 0; i < n; i++) {
            if (chunk[i] >= '0' && chunk[i] <= '9') {
                number = number < PIDS ? number * 10 + (chunk[i] - '0') : number;
            } else {
                if (number > 0 && number < PIDS)
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

/* Calls VISIT for each entry of directory FD whose name is a number below PIDS. opendir(3) would allocate. */
static void each_entry(int fd, visit_t *visit, void *argument)
{
    _Alignas(struct entry) char buffer[2048];
    for (long n; (n = syscall(SYS_getdents64, fd, buffer, sizeof buffer)) > 0;)
        for (long at = 0; at < n;) {
            struct entry *entry = (struct entry *)(void *)(buffer + at);
            int number = parse_number(entry->name, PIDS - 1);
            if (number >= 0)
                visit((pid_t)number, argument);
            at += entry->length;
        }
}

/* Is there a /proc, and of our PID namespace? In another one its numbers mean others. */
static bool have_proc(void)
{
    char own[32];
    ssize_t n = readlink("/proc/self", own, sizeof own - 1);
    if (n <= 0)
        return false;
    own[n] = '\0';
    return parse_number(own, PIDS - 1) == self.pid;
}

struct visitor {
    visit_t *visit;
    void *argument;
};

static void visit_if_ours(pid_t pid, void *argument)
{
    struct visitor *visitor = argument;
    if (parent_of(pid) == self.pid)
        visitor->visit(pid, visitor->argument);
}

/* Calls VISIT for each child; without CONFIG_PROC_CHILDREN by a look at every process. False: no usable /proc. */
static bool each_child(visit_t *visit, void *argument)
{
    struct visitor visitor = {visit, argument};
    if (!have_proc())
        return false;
    int fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        each_number(fd, visit, argument);
        close(fd);
        return true;
    }
    if ((fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
        return false;
    each_entry(fd, visit_if_ours, &visitor);
    close(fd);
    return true;
}

struct task_of {
    pid_t pid;
    struct visitor visitor;
};

static void visit_task(pid_t task, void *argument)
{
    const struct task_of *of = argument;
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/task/%ld/children", (long)of->pid, (long)task);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    each_number(fd, of->visitor.visit, of->visitor.argument);
    close(fd);
}

/* Calls VISIT for each child of process PID, whichever of its threads has it. */
static void each_child_of(pid_t pid, visit_t *visit, void *argument)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/task", (long)pid);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    each_entry(fd, visit_task, &(struct task_of){pid, {visit, argument}});
    close(fd);
}

/* Is there an unreaped child of ours of this TYPE and ID? *DEAD: the zombie's pid, or 0. Nothing is reaped. waitid(2) */
static bool have_child(idtype_t type, pid_t id, pid_t *dead)
{
    siginfo_t info = {0};
    int result = waitid(type, (id_t)id, &info, WEXITED | WNOHANG | WNOWAIT | __WALL);
    *dead = info.si_pid;
    return result == 0;
}

/* Is PID a child of this process that lives? The kernel answers, so that no number out of /proc can mean another. */
static bool is_living_child(pid_t pid)
{
    pid_t dead;
    return have_child(P_PID, pid, &dead) && dead == 0;
}

/* ---------------------------------------------------------------- where the terminal is */
/*
 * The job is the group that the caller's shell put us in; the command has a group of its own. Only one group of a session
 * has the terminal. Where it is, is never stored: it is looked at, by one function for all.
 */
enum where {
    NOWHERE = 1,                    /* there is no terminal */
    WITH_JOB = 2,
    WITH_US = 4,                    /* the command's group, or one of its making */
    WITH_NOBODY = 8,                /* with a group that is gone */
    ELSEWHERE = 16,
};

/* The door to the controlling terminal: its own name, or standard error, which we keep. The caller closes it; -1: none. */
static int open_terminal(void)
{
    int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && tcgetpgrp(STDERR_FILENO) >= 0)
        fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    return fd;
}

/* Does process PID descend from the supervisor? */
static bool descends(pid_t pid)
{
    pid_t supervisor = has(COMMAND_SIDE) ? self.pid : run->inner;
    for (int depth = 0; depth < DEPTH_MOST && pid > 1; depth++)
        if (pid == supervisor || pid == run->inner || (pid = parent_of(pid)) == supervisor)
            return true;
    return false;
}

/* Where is the terminal behind FD? *HOLDER: its foreground group, which is 0 where that has no number here. */
static enum where where_is(int fd, pid_t *holder)
{
    *holder = fd < 0 ? -1 : tcgetpgrp(fd);
    if (*holder < 0)
        return NOWHERE;
    if (*holder == 0)                               /* ours, or anybody's: who had it at the start has it */
        return run->job == 0 && run->foreground ? WITH_JOB : ELSEWHERE;
    if (*holder == run->job)
        return WITH_JOB;
    if (*holder == group() || descends(*holder))
        return WITH_US;
    return kill(-*holder, 0) != 0 && errno == ESRCH ? WITH_NOBODY : ELSEWHERE;
}

/*
 * Looks where the terminal is, and passes it to group TO if that is one of FROM. A blocked TTOU lets a background group
 * do it. The kernel has no compare-and-set for this: a group that takes it between the two calls loses it. True: passed.
 */
static bool pass_terminal(unsigned from, pid_t to)
{
    pid_t holder;
    int fd = open_terminal();
    bool passed = to > 0 && (where_is(fd, &holder) & from) && tcsetpgrp(fd, to) == 0;
    if (fd >= 0)
        close(fd);
    return passed;
}

static enum where terminal_is(void)
{
    pid_t holder;
    int fd = open_terminal();
    enum where where = where_is(fd, &holder);
    if (fd >= 0)
        close(fd);
    return where;
}

/* Gives the terminal to the command's group from one of FROM; its modes are kept for the end. True: the command has it. */
static bool give_terminal(unsigned from)
{
    int fd = open_terminal();
    if (fd >= 0 && !run->has_modes)
        run->has_modes = tcgetattr(fd, &run->modes) == 0;
    if (fd >= 0)
        close(fd);
    return pass_terminal(from, group());
}

/* The job has the terminal again. Where tiny-reaper ended the command its modes are put back first: echo, raw. */
static bool return_terminal(bool with_modes)
{
    pid_t holder;
    int fd = with_modes && run->has_modes ? open_terminal() : -1;
    if (fd >= 0) {
        if (where_is(fd, &holder) & (WITH_US | WITH_NOBODY))
            tcsetattr(fd, TCSANOW, &run->modes);
        close(fd);
    }
    return pass_terminal(WITH_US | WITH_NOBODY, run->job);
}

/* The member of our job that handed the terminal to group HOLDER, if that is another tiny-reaper; else 0. */
static pid_t neighbour_above(pid_t holder)
{
    bool supervised = false;
    pid_t pid = holder;
    for (int depth = 0; depth < DEPTH_MOST && pid > 1 && getpgid(pid) != run->job; depth++) {
        supervised |= strcmp(COMM(pid), "tiny-supervisor") == 0;
        pid = parent_of(pid);
    }
    return pid > 1 && (supervised || strcmp(COMM(pid), "tiny-reaper") == 0) ? pid : 0;
}

/*
 * Does the command want the terminal at the start? Unless it is part of a pipeline, which takes it when it asks: but who
 * ignores or blocks TTIN can't ask. Where the job has no number here (PID 1 of a namespace, the session outside) a read of
 * no length tells whether we are in the foreground: EIO says no.
 */
static bool wants_at_start(const struct stat streams[2])
{
    char nothing;
    int fd = open_terminal();
    if (fd < 0)
        return false;
    run->foreground = run->job == 0 && tcgetpgrp(fd) == 0 && (read(fd, &nothing, 0) == 0 || errno == EAGAIN);
    close(fd);
    bool asks = !(self.inherited_mask.bits[0] >> (SIGTTIN - 1) & 1) && !is_ignored(SIGTTIN);
    for (int i = 0; asks && i < 2; i++)
        if (S_ISFIFO(streams[i].st_mode) || S_ISSOCK(streams[i].st_mode))
            return false;
    return true;
}

/* ---------------------------------------------------------------- starting */

/* The first bytes of the file PATH, as a string: their number, or -1. */
static ssize_t read_head(const char *path, char *head, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    ssize_t n = fd < 0 ? -1 : read(fd, head, size - 1);
    head[n > 0 ? n : 0] = '\0';
    if (fd >= 0)
        close(fd);
    return n;
}

/* The interpreter that an ELF file of this machine's asks for, as an offset into HEAD; 0: none. elf(5) */
#define INTERPRETER_OF(bits) \
static size_t interpreter_of_elf##bits(const char *head, size_t size) \
{ \
    Elf##bits##_Ehdr file; \
    Elf##bits##_Phdr part; \
    memcpy(&file, head, sizeof file); \
    for (size_t i = 0; i < file.e_phnum && file.e_phoff < size; i++) { \
        size_t at = (size_t)file.e_phoff + i * sizeof part; \
        if (at + sizeof part > size) \
            break; \
        memcpy(&part, head + at, sizeof part); \
        if (part.p_type == PT_INTERP && part.p_offset < size) \
            return (size_t)part.p_offset; \
    } \
    return 0; \
}
INTERPRETER_OF(32)
INTERPRETER_OF(64)

/* The name of the interpreter that the file which begins with HEAD needs, cut out of HEAD; NULL: none. execve(2) */
static char *interpreter(char *head, size_t size)
{
    if (strncmp(head, "#!", 2) == 0) {
        char *name = head + 2 + strspn(head + 2, " \t");
        name[strcspn(name, " \t\n")] = '\0';
        return name;
    }
    if (size < sizeof(Elf64_Ehdr) || memcmp(head, ELFMAG, SELFMAG) != 0)
        return NULL;
    size_t at = head[EI_CLASS] == ELFCLASS64 ? interpreter_of_elf64(head, size) : interpreter_of_elf32(head, size);
    return at ? head + at : NULL;
}

/* A text has no NUL in its first line: POSIX's execvp() gives it to the shell. */
static bool is_text(const char *path)
{
    char head[256];
    ssize_t n = read_head(path, head, sizeof head);
    char *end = n > 0 ? memchr(head, '\n', (size_t)n) : NULL;
    return n <= 0 || !memchr(head, '\0', end ? (size_t)(end - head) : (size_t)n);
}

/* Leaves word of why the file PATH, that was named as FILE, could not be executed: ERROR is execve's. */
static void explain(const char *file, const char *path, int error)
{
    char head[4096];
    struct stat status;
    bool found = *path && stat(path, &status) == 0;
    ssize_t n = found && S_ISREG(status.st_mode) ? read_head(path, head, sizeof head) : -1;
    char *needs = n > 0 ? interpreter(head, (size_t)n) : NULL, *end = needs ? strchr(needs, '\r') : NULL;
    if (error == ENOENT && !found)
        cannot(NOT_FOUND, "cannot run '%s': %s", file, strerror(error));
    else if (found && S_ISDIR(status.st_mode))
        cannot(CANNOT_RUN, "cannot run '%s': it is a directory", file);
    else if (error == EACCES && found && access(path, X_OK) != 0)
        cannot(CANNOT_RUN, "cannot run '%s': no permission to execute it: %s", file, strerror(error));
    else if (error == ENOENT && end)
        cannot(CANNOT_RUN, "cannot run '%s': its interpreter '%.*s' is followed by a carriage return: CR LF line ends",
               file, (int)(end - needs), needs);
    else if (needs && (error == ENOENT || error == EACCES || error == ENOTDIR || error == ELIBBAD))
        cannot(CANNOT_RUN, error == ENOENT ? "cannot run '%s': its interpreter '%.200s' is missing: %s"
               : "cannot run '%s': its interpreter '%.200s': %s", file, needs, strerror(error));
    else if (error == ENOEXEC)
        cannot(CANNOT_RUN, "cannot run '%s': %s: %s", file, is_text(path) ? "a text without #!, and /bin/sh cannot be run"
               : "an executable of another machine, or none at all", strerror(error));
    else
        cannot(CANNOT_RUN, "cannot run '%s': %s", file, strerror(error));
}

/* One file to execute, which may be a script without `#!`; returns errno. argv[-1] is there: it was ours. */
static int execute_file(const char *path, char **argv)
{
    execve(path, argv, environ);
    if (errno != ENOEXEC || !is_text(path))
        return errno;
    char *before = argv[-1], *first = argv[0];
    argv[-1] = (char *)(uintptr_t)"/bin/sh";
    argv[0] = (char *)(uintptr_t)path;
    execve("/bin/sh", argv - 1, environ);
    argv[-1] = before;
    argv[0] = first;
    return ENOEXEC;
}

/*
 * execvp as POSIX has it, which musl's is not for scripts: returns the errno that counts, and in PATH the file that it is
 * about (empty: none was found). A file that was found and can't be run outweighs one that is not there.
 */
static int execute(char **argv, char path[static PATH_MAX])
{
    const char *file = argv[0], *list = getenv("PATH"), *end;
    char candidate[PATH_MAX];
    int result = ENOENT;
    path[0] = '\0';
    if (*file == '\0')
        return ENOENT;
    if (strchr(file, '/')) {
        snprintf(path, PATH_MAX, "%s", file);
        return execute_file(file, argv);
    }
    for (list = list ? list : "/usr/local/bin:/bin:/usr/bin";; list = end + 1) {
        end = strchrnul(list, ':');
        int length = snprintf(candidate, sizeof candidate, "%.*s%s%s", (int)(end - list), list, end > list ? "/" : "", file);
        int error = (size_t)length < sizeof candidate ? execute_file(candidate, argv) : ENAMETOOLONG;
        bool found = (error == EACCES || error == ENOENT) && access(candidate, F_OK) == 0;
        bool next = error == ENOENT || error == EACCES || error == ENOTDIR || error == ENAMETOOLONG || error == ESTALE ||
                    error == ENODEV || error == ETIMEDOUT;
        if (!next || (path[0] == '\0' && (found || error == EACCES))) {
            snprintf(path, PATH_MAX, "%s", candidate);
            result = error;
        }
        if (!next || *end == '\0')
            return result;
    }
}

/* What names tiny-reaper's process names the command's, which takes its place: sd_listen_fds(3), sd_watchdog_enabled(3). */
static void name_in_environment(char buffers[static 3][40])
{
    static const char *const NAMES[] = {"LISTEN_PID=", "WATCHDOG_PID=", "SYSTEMD_EXEC_PID="};
    bool listens = false;
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
        for (char **at = environ; *at; at++) {
            size_t length = strlen(NAMES[i]);
            if (strncmp(*at, NAMES[i], length) != 0 || parse_number(*at + length, PIDS) != run->outer)
                continue;
            snprintf(buffers[i], 40, "%s%ld", NAMES[i], (long)getpid());
            *at = buffers[i];
            listens |= i == 0;
        }
    for (char **at = environ, **to = environ; listens; at++)
        if ((*to = *at) == NULL)
            return;
        else if (strncmp(*at, "LISTEN_PIDFDID=", strlen("LISTEN_PIDFDID=")) != 0)
            to++;
}

/* futex(2) on a word of the shared page: waits while it is VALUE, wakes all. */
static void wait_while(atomic_int *word, int value) { syscall(SYS_futex, word, 0, value, NULL, NULL, 0); }
static void wake_all(atomic_int *word) { syscall(SYS_futex, word, 1, INT_MAX, NULL, NULL, 0); }

enum { OUTER_RELEASED = 1, INNER_RELEASED = 2, ALL_RELEASED = 3 };

/*
 * The command's side of the fork: everything as tiny-reaper found it, but for the group, the terminal, and the parent-death
 * signal. The exec waits until nobody of us holds the caller's directory or descriptors, which the command may want to be
 * rid of: where one of us is killed before that, this process is too.
 */
static void become_command(void) __attribute__((noreturn));
static void become_command(void)
{
    char path[PATH_MAX], environment[3][40];
    if (!guarded() && setpgid(0, 0) != 0)
        cannot(FAILED, "cannot start '%s': setpgid: %s", run->title, strerror(errno)), _exit(FAILED);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        cannot(FAILED, "cannot start '%s': prctl: %s", run->title, strerror(errno)), _exit(FAILED);
    if (getppid() != run->inner) {                  /* it died before prctl, and no signal will come; or: */
        if (getppid() == 0 && run->inner != 1)
            cannot(FAILED, "cannot start '%s': its process ID would be of another namespace: use unshare --fork", run->title);
        _exit(FAILED);
    }
    run->command = getpid();
    if (run->wants_terminal)                        /* before exec: who asks whether it is in the foreground hears yes */
        give_terminal(WITH_JOB);
    if (self.inherited_chld.sa_handler == SIG_IGN && sigaction(SIGCHLD, &self.inherited_chld, NULL) != 0)
        cannot(FAILED, "cannot start '%s': sigaction: %s", run->title, strerror(errno)), _exit(FAILED);
    name_in_environment(environment);
    for (int released; (released = run->released) != ALL_RELEASED;)
        wait_while(&run->released, released);
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &self.inherited_mask, NULL, sizeof self.inherited_mask);
    int error = execute(opt.command, path);
    block_signals(NULL);
    explain(opt.command[0], path, error);
    _exit(run->failed_status);
}

/* Always by fork(2): an exec that hangs, or a stop that is typed just before it, would hold a vfork's parent in the call. */
static bool start_command(void)
{
    pid_t pid = fork();
    if (pid == 0)
        become_command();
    if (pid < 0)
        return cannot(FAILED, "cannot start '%s': fork: %s", run->title, strerror(errno));
    if (!guarded())
        setpgid(pid, pid);                          /* from both sides, whoever comes first */
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

/*
 * After the start nothing of the caller's is held but standard error: a reader of the command's output sees end-of-file
 * when the command closes it, and no file system is kept busy. As PID 1 we keep 0 and 1 for those who write to /proc/1/fd/1.
 */
static void release(void)
{
    int low = self.messages > 0 && self.messages < self.report_fd ? self.messages : self.report_fd;
    int high = low == self.report_fd ? self.messages : self.report_fd;
    unsigned first = STDERR_FILENO + 1;
    if (self.pid != 1)
        close_all(STDIN_FILENO, STDOUT_FILENO);
    if (low > 0)
        close_all(first, (unsigned)low - 1), first = (unsigned)low + 1;
    if (high > 0)
        close_all(first, (unsigned)high - 1), first = (unsigned)high + 1;
    close_all(first, ~0u);
    if (chdir("/") != 0)
        tell("cannot change to /: %s", strerror(errno));
    atomic_fetch_or(&run->released, guarded() ? has(JOB_SIDE) ? OUTER_RELEASED : INNER_RELEASED : ALL_RELEASED);
    if (run->released == ALL_RELEASED)
        wake_all(&run->released);
}

/* Without it a promise is missing, and that is said: what the command leaves behind goes to somebody else. prctl(2) */
static void become_subreaper(void)
{
    if (self.pid != 1 && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0 && has(JOB_SIDE))
        warn("cannot become a subreaper: %s: what the command leaves behind goes to init", strerror(errno));
}

/*
 * Another name for ps, killall and pkill: whoever names tiny-reaper, or a word of the command line, means outer, and hits
 * only one of the two. The arguments are the command's own by now: it was forked.
 */
static void hide_arguments(int argc, char **argv)
{
    static const char name[] = "tiny-supervisor";
    size_t length = (size_t)(argv[argc - 1] - argv[0]) + strlen(argv[argc - 1]);
    memset(argv[0], 0, length);
    memcpy(argv[0], name, length < sizeof name ? length : sizeof name - 1);
}

/*
 * The inner process's first steps: it leads the group into which the command will be born, and is out of the job by then.
 * Its parent-death signal is one that wakes a stopped process too. False: the command can't be started.
 */
static bool become_inner(void)
{
    self.parent = run->outer;
    self.pid = getpid();
    self.role = COMMAND_SIDE;
    self.spares = false;
    if (self.pid == 1)
        return cannot(FAILED, "its processes would be of another PID namespace than itself: use unshare --fork");
    run->inner = self.pid;
    prctl(PR_SET_NAME, "tiny-supervisor");
    if (prctl(PR_SET_PDEATHSIG, SIGCONT) != 0)
        return cannot(FAILED, "cannot start '%s': prctl: %s", run->title, strerror(errno));
    if (setpgid(0, 0) != 0)
        return cannot(FAILED, "cannot start '%s': setpgid: %s", run->title, strerror(errno));
    if (getppid() != run->outer) {                  /* it died before prctl: no signal will come */
        run->outcome = KILLED;
        return false;
    }
    become_subreaper();
    return true;
}

/* Makes two processes of one. The outer one is the guard, and its child is the inner one. False: nothing can be started. */
static bool split(void)
{
    self.role = JOB_SIDE;
    become_subreaper();
    pid_t pid = fork();
    if (pid == 0)
        return become_inner();
    if (pid < 0)
        return cannot(FAILED, "cannot fork: %s", strerror(errno));
    setpgid(pid, pid);
    run->inner = self.child = pid;
    return true;
}

/* ---------------------------------------------------------------- looker */

enum look_for { WHY_HUNG, WHO_IS_LEFT };
static bool start_look(enum look_for what) { (void)what; return false; }
static void serve_look(void) { }
static void end_look(void) { }

/* ---------------------------------------------------------------- ending */

/* Is the command not reaped yet? Its number is ours as long as it is a child of ours; an heir has to ask. */
static bool command_lives(void)
{
    if (run->ended || !run->command)
        return false;
    return self.child == run->command ? !self.child_gone : is_living_child(run->command);
}

/* May the command's group be signalled? Its number is not recycled while its leader, or a child of ours in it, is there. */
static bool group_is_ours(void)
{
    pid_t dead;
    if (group() == 0)
        return false;
    if (guarded() ? self.pid == group() || !self.child_gone : command_lives())
        return true;
    return have_child(P_PGID, group(), &dead);
}

/*
 * Takes the supervisor out of the command's group, which is about to get KILL or STOP: into the job, or, where that is
 * gone, into the group of a child that is forked for it. Its own number stays the group's. False: that can't be done.
 */
static bool step_out(void)
{
    if (self.pid != group() || getpgrp() != self.pid || (run->job > 1 && setpgid(0, run->job) == 0))
        return true;
    pid_t pid = fork();
    if (pid == 0) {
        setpgid(0, 0);
        _exit(0);                                   /* its zombie holds the group until we are in it */
    }
    if (pid < 0)
        return false;
    setpgid(pid, pid);
    bool out = setpgid(0, pid) == 0;
    waitpid(pid, NULL, __WALL);
    return out;
}

/* Signals the command's group, and the command by itself where it has moved to another. */
static void signal_group(int sig)
{
    bool moved = command_lives() && getpgid(run->command) != group();
    if (group_is_ours() && ((sig != SIGKILL && sig != SIGSTOP) || step_out()))
        send_signal(-group(), sig);
    if (sig == SIGSTOP && self.pid == group())
        setpgid(0, 0);                              /* back, to hear what the terminal sends */
    if (moved)
        send_signal(run->command, sig);
    if (sig == SIGTERM)
        run->termed = read_clock(CLOCK_BOOTTIME);
}

static bool is_spared(pid_t pid)
{
    return (self.spares && bit(spared_pids, pid)) || pid == self.looker;
}

/* Notes that the children of PID are to be looked for, once for each of TERM and KILL. */
static void search_later(pid_t pid)
{
    unsigned char *searched = self.sweep_signal == SIGKILL ? searched_pids[1] : searched_pids[0];
    enum { PLACES = sizeof search_queue / sizeof search_queue[0] };
    if (bit(searched, pid) || self.queue_tail - self.queue_head == PLACES)
        return;
    set_bit(searched, pid);
    search_queue[self.queue_tail++ % PLACES] = pid;
}

/* One process that is to end: told once that it is asked to; KILL it is told in each round. DEEP_FD: by this pidfd. */
static void end_process(pid_t pid, int pidfd)
{
    bool spared = self.sparing && bit(reader_pids, pid) && !bit(told_pids, pid);
    const int signals[] = {self.sweep_signal, self.sweep_signal == SIGTERM ? SIGCONT : 0};
    if (self.sweep_signal && !spared && !(self.sweep_signal == SIGTERM && bit(told_pids, pid))) {
        if (self.sweep_signal == SIGTERM)
            set_bit(told_pids, pid);
        for (int i = 0; i < 2 && signals[i]; i++)
            if (pidfd < 0 || syscall(SYS_pidfd_send_signal, pidfd, signals[i], NULL, 0) != 0)
                send_signal(pid, signals[i]);
    }
    if (self.sweep_signal == SIGTERM || (self.sweep_signal == SIGKILL && self.step > 0))
        search_later(pid);
}

/* One child in a sweep. */
static void sweep_child(pid_t pid, void *argument)
{
    (void)argument;
    if (is_spared(pid))
        return;
    bool told = bit(told_pids, pid);
    if (!(told && self.sweep_signal == SIGTERM) && !is_living_child(pid))   /* asked, and left at that: costs little */
        return;
    self.left++;
    self.reading += self.sparing && !told && bit(reader_pids, pid);
    end_process(pid, -1);
}

/* A child of process *PARENT, which is below us: a descriptor holds it while it is asked whose child it is. pidfd_open(2) */
static void sweep_below(pid_t pid, void *parent)
{
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (pid != self.looker && parent_of(pid) == *(pid_t *)parent)
        end_process(pid, pidfd);
    if (pidfd >= 0)
        close(pidfd);
}

/*
 * From the children downwards: who was told is told before its children are listed, so that none of them is born unseen.
 * Those of whom KILL is enough come to us when it has worked, and need no search; below one in state D there may be more.
 */
static void search_some(void)
{
    for (int n = 0; n < SEARCH_MOST && self.queue_head != self.queue_tail; n++) {
        pid_t pid = search_queue[self.queue_head++ % (sizeof search_queue / sizeof search_queue[0])], parent = parent_of(pid);
        if (parent > 0 && (parent == self.pid || bit(searched_pids[self.sweep_signal == SIGKILL], parent)))
            each_child_of(pid, sweep_below, &pid);
    }
    self.more |= self.queue_head != self.queue_tail;
}

/*
 * One round over all children: SIG is KILL, TERM, or 0 to count them. Children of children come to us when their parents
 * end, so a round follows each look that reaped something, until none is left.
 */
static void sweep(int sig)
{
    if (sig != self.sweep_signal)
        self.queue_head = self.queue_tail;
    self.sweep_signal = sig;
    self.left = self.reading = 0;
    if (sig == SIGKILL && !self.sparing) {
        if (self.pid == 1 && !self.spares)
            send_signal(-1, sig);                   /* atomic, and all there is: no fork can get away */
        signal_group(sig);                          /* atomic too: who leaves the group comes to us as an orphan */
    }
    self.blind = !each_child(sweep_child, NULL) && (self.pid != 1 || self.spares);
    self.due = false;
    search_some();
}

/* A child that outlived KILL. */
static void name_survivor(pid_t pid, void *argument)
{
    struct status status;
    (void)argument;
    if (is_spared(pid) || !is_living_child(pid))
        return;
    if (!read_status(pid, &status))
        status.state = '?';
    warn("cannot end %s (pid %ld, state %c%s): left behind", COMM(pid), (long)pid, status.state,
         kill(pid, 0) != 0 && errno == EPERM ? ", another user's" : "");
}

static const char *plural(long n, const char *many) { return n == 1 ? "" : many; }

/* The signal of -s whose turn it is, to the group: continued, so that it gets through. */
static void begin_ending(void)
{
    int sig = opt.signals[self.step];
    if (opt.say_signals)
        warn("sending signal %s to command '%s'", sig ? NAME(sig) : "0", run->title);
    if (sig == 0)
        return;
    tell("sending %s to group %ld", NAME(sig), (long)group());
    signal_group(sig);
    signal_group(SIGCONT);
}

/* What is left gets TERM; in the first round (STEP 0) without those who read a pipe. */
static void begin_clearing(void)
{
    if (self.step == 0)
        self.sparing = true;
    long told = self.left - self.reading;
    sweep(SIGTERM);
    if (self.blind)
        tell("no /proc: of what the command left behind only its group can be ended");
    else if ((told = self.left - self.reading) > 0)
        tell("%s left %ld process%s behind: sending TERM", run->title, told, plural(told, "es"));
    if (self.blind)
        signal_group(SIGTERM), signal_group(SIGCONT);
}

/* KILL to everything; step 1: also to what is below those whom it has not ended yet. */
static void begin_killing(void)
{
    run->killed_command |= !run->ended;
    if (self.step == 0) {
        sweep(0);                                   /* counted before: what is killed may be gone before it is counted */
        self.sparing &= self.reading > 0;
        run->escalated |= !run->ended || self.left > self.reading;
        if (opt.say_signals && !run->ended)
            warn("sending signal KILL to command '%s'", run->title);
        if (self.blind)
            tell("no /proc: only the command and its group can be ended");
        else
            tell("sending KILL to what is left: %ld process%s", self.left - self.reading,
                 plural(self.left - self.reading, "es, and what is below them"));
    }
    self.last_end = now();
    sweep(SIGKILL);
    if (self.blind && command_lives())
        send_signal(run->command, SIGKILL);
}

/* How long what got KILL is given since the last of it ended: it may be in state D, or the machine busy. */
static int64_t patience(void)
{
    return opt.clear_grace > DEFAULT_GRACE ? opt.clear_grace : DEFAULT_GRACE;
}

/* Moves to PHASE, does what belongs to its beginning, and sets its deadline: the only function that does any of it. */
static void enter(enum phase phase, size_t step)
{
    if (phase == ENDING && run->ended)
        phase = CLEARING, step = 0;
    if (phase == ENDING && (step == opt.nsignals || opt.signals[step] == SIGKILL))
        phase = KILLING, step = 0;
    self.phase = phase;
    self.step = step;
    int64_t time = 0;
    switch (phase) {
    case RUNNING: arm(opt.limit ? add(run->started, opt.limit) : 0); return;
    case ASKED: time = opt.grace; break;
    case ENDING: begin_ending(), time = opt.grace; break;
    case LOOKING: break;                            /* only look_then() goes there */
    case CLEARING: begin_clearing(), time = opt.clear_grace; break;
    case READING: time = opt.clear_grace ? opt.clear_grace : DEFAULT_GRACE; break;
    case KILLING: begin_killing(), time = step == 0 ? DEEP_AFTER : patience(); break;
    case OVER: each_child(name_survivor, NULL); break;
    }
    arm(time ? add(now(), time) : 0);
}

/* Has the looker look first, where somebody wants to know; then PHASE. */
static void look_then(enum look_for what, enum phase phase, size_t step)
{
    if ((what == WHY_HUNG && !opt.verbose && !opt.report) || !start_look(what)) {
        enter(phase, step);
        return;
    }
    self.phase = LOOKING;
    self.then = phase;
    self.then_step = step;
    arm(now() + (what == WHY_HUNG ? LOOK_TIME : SURVEY_TIME));
}

/* The looker has ended, or its time has: it is lost then. It is a child of ours, not reaped. */
static void finish_look(void)
{
    if (self.looker)
        kill(self.looker, SIGKILL);
    end_look();
    enter(self.then, self.then_step);
}

/* The limit is reached, or the parent is gone: the signals of -s in turn, or what -w was waiting for is cleared. */
static void begin_end(enum outcome outcome)
{
    run->outcome = outcome;
    run->told_end = true;
    if (outcome == LIMIT) {
        run->timed_out = true;
        tell("limit of %s reached", run->limit);
        look_then(WHY_HUNG, ENDING, 0);
    } else {
        tell("the process that started tiny-reaper has ended");
        enter(ENDING, 0);
    }
}

/* The present phase has had its time. */
static void next_phase(void)
{
    switch (self.phase) {
    case RUNNING: begin_end(LIMIT); break;
    case ASKED: case CLEARING: look_then(WHY_HUNG, KILLING, 0); break;
    case ENDING: enter(ENDING, self.step + 1); break;
    case LOOKING: finish_look(); break;
    case READING: self.sparing = false; enter(CLEARING, 1); break;
    case KILLING:
        if (self.step == 0)
            enter(KILLING, 1);
        else if (now() < self.last_end + patience())
            arm(self.last_end + patience());        /* as long as something ends, nobody gives up */
        else if (self.sparing)
            enter(READING, 0);
        else
            enter(OVER, 0);
        break;
    case OVER: break;
    }
}

/* A round, where somebody has ended since the last one; and the readers' time begins when nobody else is left. */
static void sweep_if_due(void)
{
    static const int SIGNAL_OF[] = {[CLEARING] = SIGTERM, [READING] = SIGTERM, [KILLING] = SIGKILL, [OVER] = 0};
    if (self.due && self.phase != OVER && (self.phase >= CLEARING || (self.spares && self.child_gone)))
        sweep(self.phase < CLEARING ? 0 : SIGNAL_OF[self.phase]);
    else if (self.queue_head != self.queue_tail)
        search_some();
    if ((self.phase == CLEARING || self.phase == KILLING) && self.sparing && self.left > 0 && self.left == self.reading)
        enter(READING, 0);
    pid_t dead;
    if (self.blind && self.phase >= CLEARING && self.phase != OVER && !command_lives() &&
        !have_child(P_PGID, group(), &dead))
        enter(OVER, 0);
}

/* ---------------------------------------------------------------- forwarding */

static void note_forwarded(int sig)
{
    if (!memchr(run->forwarded, sig, run->forwarded_count))
        run->forwarded[run->forwarded_count++] = (unsigned char)sig;
}

/* In -w, after the command's end: a child outside its group. */
static void forward_to_leftover(pid_t pid, void *sig)
{
    if (!is_spared(pid) && is_living_child(pid) && getpgid(pid) != group())
        send_signal(pid, *(int *)sig);
}

struct stop_forwarded {
    int signal, depth;
};

/* Where nobody could continue them, a stop is passed to those alone who handle it: the others would stay stopped for ever. */
static void forward_stop(pid_t pid, void *argument)
{
    struct stop_forwarded *stop = argument;
    if (!is_spared(pid) && getpgid(pid) == group() && handles(pid, stop->signal))
        send_signal(pid, stop->signal);
    if (stop->depth < 32)
        each_child_of(pid, forward_stop, &(struct stop_forwarded){stop->signal, stop->depth + 1});
}

/* Says once per signal that it may not be passed on. For the group kill() says yes as soon as we ourselves may be signalled. */
static void check_permission(int sig)
{
    if (!command_lives() || kill(run->command, 0) == 0 || errno != EPERM || self.refusals >> (sig - 1) & 1)
        return;
    self.refusals |= UINT64_C(1) << (sig - 1);
    warn("%s cannot be passed on to %s (pid %ld): %s", NAME(sig), run->title, (long)run->command, strerror(errno));
}

/*
 * Passes a signal on, rewritten: to the command's group, to the command alone, or to what the command left behind. One
 * that asks for the end, with -k given, starts the clock: KILL follows.
 */
static void forward(int sig)
{
    static const int ENDS[] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP};
    int to = opt.rewrite[sig], place = 0;
    if (to == 0 || self.phase >= KILLING)
        return;
    note_forwarded(to);
    if (opt.alarm_is_limit && sig == SIGALRM) {
        if (self.phase == RUNNING)
            begin_end(LIMIT);
        return;
    }
    check_permission(to);
    if (opt.single_child && command_lives())
        send_signal(run->command, to);
    else if (self.pid == 1 && is_stop(to))
        each_child(forward_stop, &(struct stop_forwarded){to, 0});
    else
        signal_group(to);
    if (run->ended)
        each_child(forward_to_leftover, &to);
    while (place < 4 && ENDS[place] != to)
        place++;
    run->told_end |= place < 4 || opt.any_first;
    if (self.phase == RUNNING && opt.grace_given && opt.grace && (place < 3 || (opt.any_first && to != SIGCONT)))
        enter(ASKED, 0);
}

/* To the rest of the job, as it would have come there without us. Upward only: outer drops what comes from inner. */
static void relay(int sig)
{
    if (run->job > 1 && guarded())
        kill(-run->job, sig);
}

/*
 * What the supervisor hears as a member of the command's group. What the terminal sends, or a tiny-reaper below passes up,
 * goes to the job; a TSTP whoever sent it, for an editor stops its group itself, but not when somebody has continued the job
 * since. A CONT from outer says that the whole group was stopped, and we with it. Anything else is a wake-up, or a member
 * that signals its group.
 */
static void hear(int sig, const siginfo_t *info)
{
    bool kernel = info->si_code > 0, from_outer = !kernel && info->si_pid == run->outer;
    pid_t sender = kernel || from_outer ? 0 : getpgid(info->si_pid);
    bool typed = kernel || (!from_outer && sender >= 0 && sender != group());
    if (sig == SIGCONT && from_outer)
        self.group_stopped = true;
    else if ((sig == SIGINT || sig == SIGQUIT || sig == SIGHUP || sig == SIGWINCH) && typed)
        relay(sig);
    else if (sig == SIGTSTP && !from_outer && !ring_holds(SIGCONT))
        relay(sig);
}

/* ---------------------------------------------------------------- reaping */

static void seconds_since(int64_t start, char buffer[static 32])
{
    int64_t tenths = (now() - start) / (SECOND / 10);
    snprintf(buffer, 32, "%lld.%lld s", (long long)(tenths / 10), (long long)(tenths % 10));
}

/*
 * The command was stopped by SIG: that is said in run->stop, and outer answers in run->stand. A TSTP that waits here is
 * passed up first: the job's other members stop before outer does. A SIGSTOP is sent by us, who send the CONT to come as
 * well, so that the two can't overtake each other; not when a CONT waits at outer, which it would throw away.
 */
static void command_stopped(int sig)
{
    siginfo_t info;
    tell_all("%s (pid %ld) stopped by %s", run->title, (long)run->command, NAME(sig));
    for (int heard = sig == SIGTSTP ? SIGTSTP : SIGCONT; guarded() && take_pending(heard, &info);)
        if (info.si_code > 0 || info.si_pid != self.pid)
            hear(heard, &info);
    self.serial = (self.serial + 1) & 0xffffff;
    run->stop = self.serial << 8 | (unsigned)sig;
    wake(run->outer);
    if (sig == SIGSTOP && self.pid != 1 && !waits_at(run->outer, SIGCONT)) {
        self.sent_stop = self.group_stopped && run->job > 1 ? -run->job : run->outer;
        if (self.pid == run->outer || getppid() == run->outer)
            kill(self.sent_stop, SIGSTOP);
    }
    self.group_stopped = false;
}

/*
 * The command goes on, or has ended. Outer is continued where it stopped as the command did, whatever the serial: of two
 * stops in one look we have seen but the second. Whoever of the two writes last reads what the other one has written.
 */
static void command_goes_on(void)
{
    run->stop = 0;
    if ((run->stand & 0xff) == HALTED)
        signal_outer(SIGCONT);
    if (self.sent_stop && self.pid != run->outer && getppid() == run->outer)
        kill(self.sent_stop, SIGCONT);
    self.sent_stop = 0;
}

static void tell_end(const char *what, pid_t pid, int status)
{
    char time[32];
    seconds_since(run->started, time);
    if (WIFSIGNALED(status))
        tell("%s (pid %ld) was killed by SIG%s after %s", what, (long)pid, NAME(WTERMSIG(status)), time);
    else
        tell_all("%s (pid %ld) exited with status %d after %s", what, (long)pid, WEXITSTATUS(status), time);
}

/* The command is reaped: by its supervisor, or by the heir. The terminal goes back at once, but for those -w waits for. */
static void command_ended(int status)
{
    run->wait_status = status;
    run->ended = true;
    command_goes_on();
    if (!run->failed_status)
        tell_end(run->title, run->command, status);
    if (!opt.wait)
        return_terminal(run->outcome != NOT_STARTED);
}

static void orphan_ended(pid_t pid, int status)
{
    char how[32];
    for (unsigned char *const *set = (unsigned char *const[]){told_pids, reader_pids, searched_pids[0], searched_pids[1], NULL}; *set; set++)
        clear_bit(*set, pid);
    run->reaped++;
    run->cleared += self.phase >= CLEARING;
    run->escalated |= self.phase == KILLING && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    if (WIFSIGNALED(status))
        snprintf(how, sizeof how, "killed by SIG%s", NAME(WTERMSIG(status)));
    else
        snprintf(how, sizeof how, "status %d", WEXITSTATUS(status));
    if (opt.warn_reaped)
        warn("reaped zombie process with pid=%ld", (long)pid);
    tell_all("reaped orphan %ld (%s)", (long)pid, how);
}

/* Whom a report from wait4() is about, and what follows. */
static void child_reported(pid_t pid, int status, const struct rusage *usage)
{
    bool is_child = pid == self.child && !self.child_gone, ended = !WIFSTOPPED(status) && !WIFCONTINUED(status);
    bool supervisor = is_child && has(JOB_SIDE) && guarded();
    if (!ended) {
        if (supervisor && WIFSTOPPED(status))
            kill(pid, SIGCONT);                     /* it never stops by itself: its group, or it alone, was stopped */
        else if (is_child && !supervisor && WIFSTOPPED(status))
            command_stopped(WSTOPSIG(status));
        else if (is_child && !supervisor) {
            tell_all("%s (pid %ld) continued", run->title, (long)pid);
            command_goes_on();
        }
        return;
    }
    self.due = true;                                /* its children are ours now */
    self.last_end = self.phase == KILLING ? now() : 0;
    if (self.spares && bit(spared_pids, pid)) {
        clear_bit(spared_pids, pid);
        return;
    }
    if (pid == self.looker) {
        self.looker = 0;
        return;
    }
    self.child_gone |= is_child;
    if (supervisor)
        return;
    run->user_us += usage->ru_utime.tv_sec * 1000000LL + usage->ru_utime.tv_usec;
    run->system_us += usage->ru_stime.tv_sec * 1000000LL + usage->ru_stime.tv_usec;
    run->max_rss = usage->ru_maxrss > run->max_rss ? usage->ru_maxrss : run->max_rss;
    if (pid == run->command && !run->ended)
        command_ended(status);
    else
        orphan_ended(pid, status);
}

/* Takes the reports that children have, so many in one look: ends, stops and continuations. wait4(2) */
static void reap(void)
{
    int n = 0;
    for (; n < REAP_MOST; n++) {
        int status;
        struct rusage usage;
        pid_t pid = wait4(-1, &status, WNOHANG | WUNTRACED | WCONTINUED | __WALL, &usage);
        self.childless = pid < 0;
        if (pid <= 0)
            return;
        child_reported(pid, status, &usage);
    }
    self.more = true;
}

static void spare_child(pid_t pid, void *argument)
{
    (void)argument;
    set_bit(spared_pids, pid);
}

/* Children that we had before we started (a shell's jobs, before its exec) are none of our business, until they are reaped. */
static void spare_children(void)
{
    pid_t dead;
    self.spares = have_child(P_ALL, 0, &dead);
    if (self.spares && !each_child(spare_child, NULL))
        tell("no /proc: children from before the start are not known");
}

/* ---------------------------------------------------------------- stops and terminal */
/*
 * run->stop is the command's side's word, run->stand the job's side's answer to it; the serial pairs them. The job's side
 * writes `stand` and then reads `stop`, the command's side writes `stop` and then reads `stand`: one of the two sees.
 *
 *   the command stopped      by TTIN, TTOU, and the job has the terminal, or nobody      it is the command's    GRANTED
 *                            the same, and a neighbour's command has it                  the neighbour is asked  ASKING
 *                            by whatever, and a CONT waits here                          it is taken next
 *                            as PID 1, or by a signal ignored on entry                   the stop is undone     REFUSED
 *                            by TSTP, TTIN, TTOU                                         halt()                 HALTED
 *                            by STOP                                                     the supervisor's work
 *   a CONT comes, not inner's                                                            into the ring        FOLLOWING
 *   a stop signal comes while the command is stopped                                     into the ring        unanswered
 *   the command wants the terminal, the job has it, the command goes on                  it is the command's: a level
 *   a member of the job asks for it by TTIN, TTOU                                        back, and CONT to the job
 */

static void answer_stop(unsigned stop, enum stand stand)
{
    static const char *const NAMES[] = {"following", "terminal granted", "asking a neighbour", "halted", "refused"};
    run->stand = (stop & ~0xffu) | stand;
    tell_all("stop by %s: %s", NAME((int)(stop & 0xff)), NAMES[stand]);
    if (stand == GRANTED || stand == REFUSED)
        wake(run->inner);
}

/*
 * Nobody could continue us. Who asked for the terminal would ask at once again: outer leaves the session where it may (not
 * as a leader), so that the command's group is orphaned as the job is, and its next read gives EIO, as without us.
 */
static void refuse_stop(unsigned stop)
{
    if ((stop & 0xff) != SIGTSTP && setsid() >= 0)
        run->job = 0;
    answer_stop(stop, REFUSED);
}

/*
 * Stops this process as the command was, and returns when it goes on, or at once where the kernel declines (an orphaned
 * group). The signal is made pending, and only then everything is looked at again: a continuation that came before has
 * changed run->stop, one that comes after takes the pending signal away. Between the last look for a pending CONT and the
 * raise, one call, such a CONT is lost: the kernel throws it away as it adds the stop.
 */
static void halt(unsigned stop)
{
    int sig = (int)(stop & 0xff);
    siginfo_t info;
    answer_stop(stop, HALTED);
    syscall(SYS_tgkill, self.pid, self.pid, sig);   /* to the thread: so it does not merge with one that somebody has sent */
    if (!guarded())
        reap();
    /* A member of the job may have given the terminal back since the command asked: it has looked before we asked. */
    if (run->stop != stop || (sig != SIGTSTP && (terminal_is() & (WITH_JOB | WITH_NOBODY)))) {
        take_pending(sig, &info);
        run->stand = 0;
        self.more = true;
        return;
    }
    set_signal(SIG_UNBLOCK, sig);
    set_signal(SIG_BLOCK, sig);
    if (is_pending(SIGCONT))
        answer_stop(stop, FOLLOWING);               /* it was stopped and continued: that CONT is passed on like any other */
    else if (is_pending(SIGTSTP) || is_pending(SIGTTIN) || is_pending(SIGTTOU))
        run->stand = 0;                             /* another stop has thrown the CONT away: it is taken, and we stop again */
    else
        refuse_stop(stop);
}

/* The command was stopped because it asked for the terminal. False: it is not to be had, so we stop as well. */
static bool find_terminal(unsigned stop)
{
    pid_t holder, neighbour = 0;
    int fd = open_terminal();
    enum where where = where_is(fd, &holder);
    if (fd >= 0)
        close(fd);
    if (where == ELSEWHERE && (neighbour = neighbour_above(holder)) > 0) {
        tell_all("asking pid %ld for the terminal", (long)neighbour);
        kill(neighbour, (int)(stop & 0xff));
    } else if (where == ELSEWHERE && terminal_is() != ELSEWHERE) {
        self.more = true;                           /* given back while we looked for whose it is: look again */
        return true;
    }
    bool granted = (where == WITH_US && holder == group()) || give_terminal(WITH_JOB | WITH_NOBODY);
    self.wants |= granted || neighbour > 0;
    if (granted || neighbour > 0)
        answer_stop(stop, granted ? GRANTED : ASKING);
    return granted || neighbour > 0;
}

/* The job's side: answers the command's stop, once for each serial; or sees to it that it has the terminal that it wants. */
static void follow(void)
{
    unsigned stop = run->stop;
    int sig = (int)(stop & 0xff);
    if (run->ended || !run->command)
        return;
    if (stop == 0 && (run->stand & 0xff) == HALTED)
        run->stand = 0;                             /* over: or inner would go on sending CONTs, which throw a stop away */
    if (stop == 0 && self.wants)
        give_terminal(WITH_JOB);
    if (stop == 0 || sig == SIGSTOP || run->stand >> 8 == stop >> 8)
        return;
    if (guarded() && run->seen != run->ring_head)   /* a CONT on its way makes this stop an old one: inner will wake us */
        return;
    if (sig != SIGTSTP && find_terminal(stop))
        return;
    if (is_pending(SIGCONT))
        return;
    if (self.pid == 1 || is_ignored(sig))
        refuse_stop(stop);
    else
        halt(stop);
}

/* The command's side: carries the answer to the present stop out, once. */
static void answer(void)
{
    unsigned stop = run->stop, stand = run->stand;
    int sig = (int)(stop & 0xff);
    if (stop == 0 || stand >> 8 != stop >> 8 || self.served == stop >> 8)
        return;
    if ((stand & 0xff) == GRANTED) {
        self.hung_up = false;
    } else if ((stand & 0xff) == REFUSED && sig != SIGTSTP && getsid(run->outer) == getsid(run->command)) {
        if (self.hung_up) {                         /* it can't be orphaned, and has had its HUP, the kernel's own word for it */
            tell("%s asks for a terminal that it cannot have: left stopped", run->title);
            self.served = stop >> 8;
            return;
        }
        self.hung_up = true;
        signal_group(SIGHUP);
    } else if ((stand & 0xff) != REFUSED) {
        return;
    }
    self.served = stop >> 8;
    signal_group(SIGCONT);
}

/* A member of the job asks for the terminal, by the signal that the kernel sends to all of it, or a neighbour to us. */
static void member_asks(void)
{
    self.job_waits = !return_terminal(false) && terminal_is() != WITH_JOB;
    if (self.job_waits)
        return;
    self.wants = false;
    tell_all("another member of the job asks for the terminal: handed back");
    if (run->job > 1)
        kill(-run->job, SIGCONT);
}

/* ---------------------------------------------------------------- report */

/* RFC 4648, section 4 */
static void put_base64(struct text *text, const char *string)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    put(text, "\"");
    for (size_t left = strlen(string), n; left > 0; string += n, left -= n) {
        const unsigned char *at = (const unsigned char *)string;
        n = left < 3 ? left : 3;
        unsigned bits = (unsigned)at[0] << 16 | (n > 1 ? (unsigned)at[1] << 8 : 0) | (n > 2 ? at[2] : 0);
        put(text, "%c%c%c%c", alphabet[bits >> 18], alphabet[bits >> 12 & 63], n > 1 ? alphabet[bits >> 6 & 63] : '=',
            n > 2 ? alphabet[bits & 63] : '=');
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

enum { RECORD_SIZE = 16 * 1024 };

/* Makes *run, with room for the report's texts behind it if there is to be one, and the command's text in it. No heap. */
static void map_run(void)
{
    size_t command = 64, size = sizeof *run;
    if (opt.report) {
        for (char **argument = opt.command; *argument; argument++)
            command += 8 * strlen(*argument) + 16;  /* \u00XX for a byte, and base64 */
        size += 2 * command + RECORD_SIZE;
    }
    run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (run == MAP_FAILED) {
        run = NULL;
        die(FAILED, "cannot map memory: %s", strerror(errno));
    }
    run->size = size;
    snprintf(run->title, sizeof run->title, "%s", opt.command[0]);
    snprintf(run->limit, sizeof run->limit, "%.29s%s", opt.limit ? opt.limit_text : "none", opt.limit ? limit_unit() : "");
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
    int fd = open(opt.report, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0666);
    self.report_fd = fd < 0 || fd > STDERR_FILENO ? fd : fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (self.report_fd < 0)
        die(FAILED, "cannot open report file '%s': %s", opt.report, strerror(errno));
    if (fd != self.report_fd)
        close(fd);                                  /* 0, 1 or 2 was closed, and stays so for the command */
}

/* The next field of *LINE up to SEPARATOR, which is cut off; NULL: no more. */
static char *next_field(char **line, char separator)
{
    char *field = *line, *end = field ? strchr(field, separator) : NULL;
    if (end)
        *end = '\0';
    *line = end ? end + 1 : NULL;
    return field;
}

/* This process's path in the memory hierarchy of cgroups, v1 or unified (*V2); false: none. cgroups(7) */
static bool find_cgroup(char path[static 192], bool *v2)
{
    char text[2048], *rest = text;
    bool found = false;
    if (read_proc(self.pid, "cgroup", text, sizeof text) <= 0)
        return false;
    for (char *line; (line = next_field(&rest, '\n'));) {
        char *number = next_field(&line, ':'), *names = next_field(&line, ':');
        bool memory = names && strstr(names, "memory"), unified = names && *names == '\0' && strcmp(number, "0") == 0;
        if (!line || !(memory || (unified && !found)))
            continue;
        snprintf(path, 192, "%s", line);
        *v2 = !memory;
        found = true;
    }
    return found;
}

/* Finds the file that counts OOM kills in this process's cgroup; nothing found: its name stays empty. proc(5), mountinfo */
static void find_oom_file(void)
{
    char path[192], line[1024];
    bool v2 = false;
    FILE *mounts = find_cgroup(path, &v2) ? fopen("/proc/self/mountinfo", "re") : NULL;
    while (mounts && fgets(line, sizeof line, mounts)) {
        char *rest = line, *root = NULL, *point = NULL, *tail = strstr(line, " - ");
        if (!tail || strncmp(tail, v2 ? " - cgroup2 " : " - cgroup ", v2 ? 11 : 10) != 0 || (!v2 && !strstr(tail, "memory")))
            continue;
        for (int i = 0; i < 5 && rest; i++)
            root = point, point = next_field(&rest, ' ');
        size_t length = root ? strlen(root) : 0;
        if (!point || (length > 1 && strncmp(path, root, length) != 0))
            continue;
        snprintf(run->oom_file, sizeof run->oom_file, "%.*s%.*s/%s", 60, point, 160, length > 1 ? path + length : path,
                 v2 ? "memory.events" : "memory.oom_control");
        break;
    }
    if (mounts)
        fclose(mounts);
}

/* How often the kernel's OOM killer has struck in this cgroup; -1: that cannot be known. */
static long long oom_kills(void)
{
    char text[512], *at;
    ssize_t n = *run->oom_file ? read_head(run->oom_file, text, sizeof text) : -1;
    if (n <= 0 || !(at = strstr(text, "oom_kill ")))
        return -1;
    return strtoll(at + strlen("oom_kill "), NULL, 10);
}

/* Was there an OOM kill during the run? 1, 0, -1: unknown. */
static int oom_killed(void)
{
    long long kills = run->oom_before < 0 ? -1 : oom_kills();
    return kills < 0 ? -1 : kills > run->oom_before;
}

static void put_seconds(struct text *text, const char *field, long long us)
{
    put(text, "\"%s\":%lld.%06lld,", field, us / 1000000, us % 1000000);
}

static const char *truth(int value) { return value < 0 ? "null" : value ? "true" : "false"; }

static void put_signals(struct text *text)
{
    put(text, "\"forwarded\":[");
    for (unsigned i = 0; i < run->forwarded_count; i++)
        put(text, "%s\"%s\"", i ? "," : "", NAME(run->forwarded[i]));
    put(text, "],\"senders\":[");
    for (unsigned i = 0; i < run->nsenders; i++) {
        const struct sender *sender = &run->senders[i];
        put(text, "%s{\"signal\":\"%s\",", i ? "," : "", NAME(sender->signal));
        put(text, sender->pid ? "\"pid\":%ld,\"command\":" : "\"pid\":null,\"command\":", (long)sender->pid);
        if (*sender->name)
            put_json(text, sender->name);
        else
            put(text, "null");
        put(text, "}");
    }
    put(text, "],");
}

/* The report: one object on one line. */
static void put_report(struct text *text)
{
    static const char *const OUTCOMES[] = {"not-started", "exited", "signaled", "timed-out", "parent-died", "killed"};
    bool started = run->outcome != NOT_STARTED;
    int death = started && run->ended && WIFSIGNALED(run->wait_status) ? WTERMSIG(run->wait_status) : 0;
    struct tm tm = {0};
    gmtime_r(&(time_t){(time_t)(run->date / SECOND)}, &tm);
    put(text, "{\"version\":\"" VERSION "\",");
    memcpy(text->at, run->text, run->command_length);
    text->at += run->command_length;
    put(text, started && run->command ? ",\"pid\":%d," : ",\"pid\":null,", (int)run->command);
    put(text, "\"started\":\"%04d-%02d-%02dT%02d:%02d:%02d.%03dZ\",", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
        tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(run->date % SECOND / 1000000));
    put_seconds(text, "wall_s", started ? (now() - run->started) / 1000 : 0);
    put_seconds(text, "user_s", started ? run->user_us : 0);
    put_seconds(text, "sys_s", started ? run->system_us : 0);
    put(text, "\"max_rss_kb\":%ld,", started ? run->max_rss : 0);
    put(text, "\"outcome\":\"%s\",\"status\":%d,", OUTCOMES[run->outcome],
        run->exit_signal ? 128 + run->exit_signal : run->exit_status);
    put(text, death ? "\"signal\":\"%s\"," : "\"signal\":null,", NAME(death));
    put(text, "\"core_dumped\":%s,\"escalated\":%s,", truth(death && WCOREDUMP(run->wait_status)), truth(run->escalated));
    put_signals(text);
    put(text, "\"oom_killed\":%s,", truth(oom_killed()));
    put(text, "\"reaped\":%lu,\"ended\":%lu}\n", run->reaped, run->cleared);
}

/*
 * Writes the report in one write. A survivor knows from the file position, which both processes share, whether it was
 * written; where there is none (a FIFO) it was when it was begun. A FIFO that is full is given a grace to be read.
 */
static void write_report(void)
{
    char *start = run->text + run->command_length;
    struct text text = {start, (char *)run + run->size};
    off_t position = self.report_fd < 0 ? -1 : lseek(self.report_fd, 0, SEEK_CUR);
    if (self.report_fd < 0 || position > 0 || (position < 0 && atomic_exchange(&run->reported, true)))
        return;
    put_report(&text);
    if (position >= 0)
        fcntl(self.report_fd, F_SETFL, O_APPEND);
    ssize_t n;
    for (; (n = write(self.report_fd, start, (size_t)(text.at - start))) != text.at - start; start += n > 0 ? n : 0) {
        struct pollfd ready = {.fd = self.report_fd, .events = POLLOUT};
        if ((n < 0 && errno != EAGAIN) || position >= 0 || poll(&ready, 1, 5000) != 1)
            break;
    }
    if (n != text.at - start)
        warn("cannot write the report: %s", n < 0 ? strerror(errno) : "no space for the whole line");
}

/* ---------------------------------------------------------------- supervising */

/* One of the two is killed: the survivor takes its side as well, and ends everything at once, with KILL. */
static void take_over(int role, const char *which, pid_t pid)
{
    self.role |= role;
    if (run->outcome == SIGNALED)
        tell("%s ended its own process group, and the supervisor with it: ending everything", run->title);
    else
        tell("the %s (pid %ld) was killed: ending everything", which, (long)pid);
    if (run->outcome != SIGNALED)
        run->outcome = KILLED;
    self.wants = self.sparing = false;
    if (return_terminal(true) && run->job > 1)      /* first: the shell reads already, and what it was stopped for is over */
        kill(-run->job, SIGCONT);
    if (self.looker)
        kill(self.looker, SIGKILL);
    enter(KILLING, 0);
}

/* The other process, the ring, the parent: each by a level, never by the signal that woke us. */
static void look_at_other(void)
{
    if (self.role == COMMAND_SIDE && getppid() != run->outer)
        take_over(JOB_SIDE, "guard", run->outer);
    if (self.pid == run->outer && opt.die_with_parent && !run->parent_died && getppid() != self.parent) {
        run->parent_died = 1;
        wake(run->inner);
    }
    if (!has(COMMAND_SIDE))
        return;
    for (int sig, n = 0; n < RING && (sig = ring_read()); n++)
        forward(sig);
    if (run->parent_died && self.phase <= ASKED)
        begin_end(PARENT_DIED);
}

/* Is what the command leaves behind left alone? */
static bool leaves(void)
{
    return opt.leave || (opt.leave_in_time && !run->told_end);
}

/* The command has ended, and something may be left: it is looked at once, and then cleared, waited for, or left alone. */
static void look_at_leftovers(void)
{
    bool stays = leaves() || (opt.wait && self.phase <= ASKED);
    if (!run->ended || self.childless || self.phase >= LOOKING)
        return;
    if (!self.surveyed) {
        self.surveyed = true;
        sweep(0);
        if (self.left > 0 && (!stays || opt.verbose || opt.report))
            look_then(WHO_IS_LEFT, stays ? self.phase : CLEARING, 0);
        else if (self.left > 0 && !stays)
            enter(CLEARING, 0);
    } else if (!stays) {
        enter(CLEARING, 0);
    }
}

/* Whoever wakes looks at all that may have changed, in this order: the end of a child before the clock. */
static void look_around(void)
{
    self.more = false;
    look_at_other();
    reap();
    if (self.role == COMMAND_SIDE && run->seen != run->ring_tail) {
        run->seen = run->ring_tail;
        if (run->stop)
            wake(run->outer);
    }
    if (self.role == JOB_SIDE && self.child_gone && !run->done)
        take_over(COMMAND_SIDE, "supervisor", self.child);
    if (self.deadline && now() >= self.deadline)
        next_phase();
    if (self.phase == LOOKING && self.looker)
        serve_look();
    else if (self.phase == LOOKING)
        finish_look();
    if (has(JOB_SIDE))
        follow();
    if (has(COMMAND_SIDE)) {
        answer();
        look_at_leftovers();
        sweep_if_due();
    }
}

/* Is there nothing more to do? */
static bool finished(void)
{
    if (self.phase == OVER)
        return true;
    if (!has(COMMAND_SIDE))
        return self.child_gone;                     /* and run->done: else it would have taken over */
    if (self.phase == LOOKING || !(run->ended || (self.phase == KILLING && !command_lives())))
        return self.childless;
    return self.childless || (leaves() && self.surveyed && self.phase < LOOKING) || (self.spares && !self.blind && self.left == 0);
}

/* For the report: who sent what, each pair once, in order of first arrival. */
static void note_sender(int sig, const siginfo_t *info)
{
    pid_t pid = info->si_code > 0 ? 0 : info->si_pid;
    unsigned n = run->nsenders;
    for (unsigned i = 0; i < n; i++)
        if (run->senders[i].pid == pid && run->senders[i].signal == sig)
            return;
    if (n == SENDERS)
        return;
    run->senders[n] = (struct sender){.pid = pid, .signal = sig};
    if (pid && strcmp(COMM(pid), "?") != 0)
        snprintf(run->senders[n].name, sizeof run->senders[n].name, "%.15s", COMM(pid));
    run->nsenders = n + 1;
}

static void tell_forwarded(int sig, const siginfo_t *info)
{
    int to = opt.rewrite[sig];
    tell_all("%s from pid %ld (%s) %s%s%s", NAME(sig), info->si_code > 0 ? 0L : (long)info->si_pid,
             info->si_code > 0 ? "kernel" : COMM(info->si_pid), to ? "forwarded" : "dropped", to && to != sig ? " as " : "",
             to && to != sig ? NAME(to) : "");
}

/* One signal, told apart by who sent it. What is to be done besides passing it on is found by looking. */
static void handle(int sig, const siginfo_t *info)
{
    bool sent = info->si_code == SI_USER || info->si_code == SI_TKILL, kernel = info->si_code > 0;
    if (sent && info->si_pid == self.pid)
        return;                                     /* what we, or our own write, have raised is nobody's */
    if (sig == SIGALRM && info->si_code == SI_TIMER && info->si_value.sival_ptr == &self.timer)
        return;
    if (!has(JOB_SIDE)) {
        hear(sig, info);
        return;
    }
    if (is_stop(sig) && run->stop)
        run->stand = 0;                             /* it has thrown away the CONT that would have followed: we stop again */
    if (guarded() && sent && info->si_pid == run->inner)
        return;                                     /* it wakes us, continues us, or relays to the job */
    if (sig == SIGCHLD && kernel) {
        /* A command that was dead before its supervisor ended has not been killed because of that. */
        if (info->si_pid == run->command && info->si_code == CLD_KILLED && !run->ended)
            run->outcome = run->outcome == NOT_STARTED ? SIGNALED : run->outcome;
        return;
    }
    if (sig == SIGCHLD && sent && info->si_pid == self.parent && opt.die_with_parent) {
        if (self.parent == 0 && !run->parent_died)  /* outside the namespace: this is the only word that there will be */
            run->parent_died = 1;
        wake(run->inner);
        return;                                     /* the parent-death signal: of the parent, or of one thread of it */
    }
    if ((sig == SIGTTIN || sig == SIGTTOU) && (kernel || (run->job > 1 && getpgid(info->si_pid) == run->job))) {
        member_asks();
        return;
    }
    if (sig == SIGCONT) {
        self.job_waits = false;
        if (run->stop)
            run->stand = (run->stop & ~0xffu) | FOLLOWING;
        if (self.wants && !run->ended)
            give_terminal(WITH_JOB);
    }
    note_sender(sig, info);
    tell_forwarded(sig, info);
    ring_write(sig);
}

/* How long to sleep: not at all where a look met its bound; to the deadline where there is no timer; else for ever, -1. */
static int64_t time_to_sleep(void)
{
    if (self.more)
        return 0;
    if (self.deadline == 0 || self.armed)
        return -1;
    int64_t rest = self.deadline - now();
    return rest > 0 ? rest : 0;
}

/* The loop of both processes: the guard's child is the supervisor, and the supervisor's is the command. */
static void supervise(void)
{
    const struct mask all = all_signals(), chld = mask_of(SIGCHLD);
    for (;;) {
        siginfo_t info;
        look_around();
        if (finished())
            break;
        bool full = self.role == JOB_SIDE && ring_is_full();
        run->ring_full |= full;
        full = full && ring_is_full();              /* again: what is read from now on wakes us */
        int sig = take_signal(full ? &chld : &all, &info, time_to_sleep());
        if (sig > 0)
            handle(sig, &info);
    }
    reap();
}

/* ---------------------------------------------------------------- leaving */

/* How tiny-reaper is to end: run->exit_status, or run->exit_signal. */
static void judge(void)
{
    int status = run->wait_status;
    if (run->outcome == NOT_STARTED)
        run->outcome = run->ended && WIFEXITED(status) ? EXITED : SIGNALED;
    if (run->outcome == KILLED || (run->outcome == SIGNALED && !run->ended))
        run->exit_signal = SIGKILL;
    else if (run->timed_out && !opt.preserve_status)
        run->exit_status = run->killed_command ? TIMED_OUT_KILLED : TIMED_OUT;
    else if (!run->ended)
        run->exit_status = TIMED_OUT_KILLED;
    else if (WIFEXITED(status))
        run->exit_status = opt.success_status[WEXITSTATUS(status)] ? 0 : WEXITSTATUS(status);
    else if (!opt.success_signal[WTERMSIG(status)])
        run->exit_signal = WTERMSIG(status);
}

/* What is left to do when nothing runs any more: the terminal, the verdict, the report. The guard does it for a dead one. */
static void conclude(void)
{
    if (run->done)
        return;
    if (run->command)
        return_terminal(run->outcome != NOT_STARTED);
    if (run->failed_status && run->outcome == NOT_STARTED) {
        warn("%s", run->failure);
        run->exit_status = run->failed_status;
    } else {
        judge();
        if (opt.verbose && oom_killed() == 1)
            warn("out of memory: the kernel killed a process of this cgroup");
    }
    if (opt.report)
        write_report();
    bool halted = (run->stand & 0xff) == HALTED || self.sent_stop != 0 || run->timed_out;
    run->stop = 0;
    run->done = true;
    if (halted)                                     /* a job that was stopped when its limit came would sit there for ever */
        signal_outer(SIGCONT);
}

/* Ends this process as *run says: by exit, or by the command's signal, without a core of ours. PID 1 can't: 128+N. */
static void leave(void) __attribute__((noreturn));
static void leave(void)
{
    int sig = run->exit_signal;
    if (run->command)
        return_terminal(false);
    if (run->job > 1 && (self.job_waits || is_pending(SIGTTIN) || is_pending(SIGTTOU)))
        kill(-run->job, SIGCONT);                   /* a member of the job has asked in vain: let it ask again */
    if (sig && self.pid != 1) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        prctl(PR_SET_DUMPABLE, 0);
        set_default(sig);
        kill(self.pid, sig);
        set_signal(SIG_UNBLOCK, sig);
    }
    _exit(sig ? 128 + sig : run->exit_status);
}

/* ---------------------------------------------------------------- main */

/*
 * Arms the death of our parent, and compares: one that was gone before sends no signal, and one that has dropped its rights
 * may send us none. PR_SET_PDEATHSIG(2const)
 */
static bool watch_parent(void)
{
    char text[1024];
    pid_t session = getsid(0);
    if (prctl(PR_SET_PDEATHSIG, SIGCHLD) != 0)
        return cannot(FAILED, "cannot watch the parent: %s", strerror(errno));
    /* Not our session, and we don't lead ours: somebody in between has made it, and is gone. A leader may have left it since. */
    bool adopted = self.parent && getsid(self.parent) != session && session != self.pid &&
                   (self.parent == 1 || getsid(self.parent) != self.parent);
    if (getppid() != self.parent || adopted)
        return cannot(FAILED, "the process that started tiny-reaper has ended already: nothing was started");
    if (self.parent && read_proc(self.parent, "status", text, sizeof text) > 0) {
        unsigned long long uid = status_field(text, "\nUid:\t", 10);
        if (uid != 0 && uid != getuid())
            warn("the parent (pid %ld) is another user's: its end may go unnoticed", (long)self.parent);
    }
    return true;
}

/* What tiny-reaper finds when it is started. */
static void begin(void)
{
    struct stat streams[2] = {{0}, {0}};
    map_run();
    self.pid = getpid();
    self.parent = getppid();
    self.role = JOB_SIDE | COMMAND_SIDE;
    run->outer = run->inner = self.pid;
    run->job = getpgrp();
    run->started = now();
    fstat(STDIN_FILENO, &streams[0]);
    fstat(STDOUT_FILENO, &streams[1]);
    run->stdin_dev = streams[0].st_dev;
    run->stdin_ino = streams[0].st_ino;
    run->wants_terminal = self.wants = wants_at_start(streams);
    run->oom_before = -1;
    if (!opt.report && !opt.verbose)
        return;
    run->date = read_clock(CLOCK_REALTIME);
    find_oom_file();
    run->oom_before = oom_kills();
}

/* Everything up to the command's fork; false: it can't be started, and *run says why. */
static bool start(void)
{
    if (!take_chld() || (opt.die_with_parent && !watch_parent()))
        return false;
    spare_children();
    if (self.pid == 1 || opt.no_guard)
        become_subreaper();
    else if (!split() || !has(COMMAND_SIDE))
        return has(JOB_SIDE) && self.child;
    enter(RUNNING, 0);
    if (!start_command())
        return false;
    tell_all("started %s (pid %ld, group %ld), limit %s", run->title, (long)run->command, (long)group(), run->limit);
    return true;
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
    bool started = start();
    release();
    if (self.role == COMMAND_SIDE)
        hide_arguments(argc, argv);
    if (started)
        supervise();
    conclude();
    if (self.pid != run->outer)
        _exit(0);
    leave();
}

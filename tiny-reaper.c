/*
 * tiny-reaper - run a command, and leave nothing of it behind.
 *
 * Two processes stand between the caller and the command (one with -G, or as PID 1):
 *
 *      caller                      a shell, a container engine, a CI runner
 *        |
 *      outer     "tiny-reaper"     the guard: in the caller's process group (the job); it faces the caller,
 *        |                         who knows its pid: signals, terminal, being stopped. It has the JOB_SIDE
 *      inner     "tiny-supervisor" the supervisor: leads the command's group, all blocked, a subreaper;
 *        |                         it owns the command, reaping and phases. It has the COMMAND_SIDE
 *      command                     born into that group, not its leader: what it starts, at any depth,
 *                                  comes to inner
 *
 * The invariant: the supervisor blocks nowhere but in its one wait for signals, and every look sees the
 * other process, the children, the deadline, the terminal - in this order - and is bounded. A look that met
 * its bound does not sleep.
 *
 *   a signal to outer     blocked from the first instruction on; outer takes it and writes its number into
 *                         a ring, inner reads the ring and passes it to the command's group. What comes to
 *                         inner itself only wakes it, or was typed at the terminal, and goes to the job
 *                         (hear())
 *   the alarm             a timer of inner's own: it wakes, the clock decides (look_around())
 *   the command stops     inner says so in run->stop, outer answers in run->stand, and stops itself as the
 *                         command did
 *   outer is killed       inner's parent-death signal (CONT, which a stopped one hears too) wakes it; it
 *                         takes JOB_SIDE as well, and KILLs everything, at once
 *   inner is killed       its children are outer's now (a subreaper): outer takes COMMAND_SIDE, and KILLs
 *                         everything
 *   both are killed       the command's parent-death signal is KILL; what it started goes on (no tool could
 *                         know of it)
 *
 * Killed between any two calls of the start: before inner has armed its parent-death signal it finds itself
 * with another parent, and leaves; the same holds for the command's side of the fork; from then on the
 * kernel's signal is on its way.
 *
 * Contents, in the words of the banners; start reading at main():
 *   tables               what the user may write, by name: options, signals, units
 *   state                opt: what was asked for; run: what both processes know; self: this process's own
 *                        part
 *   text and messages    texts of bounded size, lines on standard error that never wait, JSON
 *   parsing              arguments and TINY_REAPER into opt, which nobody writes afterwards
 *   time                 the clocks, and the one timer; owns self.timer
 *   signals              masks, the ring from outer to inner, waking; owns run->ring
 *   /proc                what may be read without blocking: status, comm, children
 *   where the terminal is    looked at, never stored; passing it to a group, its modes
 *   starting             the guard, the supervisor, the command; letting go of what was inherited
 *   looker               a child that may be lost reads what may block: why it hangs, what is left, who
 *                        reads a pipe
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
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define VERSION "2.0.0"

/*
 * A page fault at the program's file maps the 64 kB around it: a plain run is to have one in each process.
 * So the constants that every start reads stand beside what it writes, and what is large and seldom called
 * stands behind all other code.
 */
#define AT_START __attribute__((section(".data.rel.ro")))
#define SELDOM __attribute__((section("seldom")))

#ifndef RWF_NOWAIT
#define RWF_NOWAIT 8
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434                          /* the same on every machine */
#define SYS_pidfd_send_signal 424
#endif
/*
 * The kernel's own call, with its own structure of two longs; only where there never was one, with two of
 * 64 bits.
 */
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
#if !defined SYS_clock_nanosleep && defined SYS_clock_nanosleep_time32
#define SYS_clock_nanosleep SYS_clock_nanosleep_time32
#endif
#if !defined SYS_timer_settime && defined SYS_timer_settime32
#define SYS_timer_settime SYS_timer_settime32
#endif

enum {
    /* exit statuses, as timeout(1) has them */
    TIMED_OUT = 124, FAILED = 125, CANNOT_RUN = 126, NOT_FOUND = 127,
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
/* of the looker: why; who is left, as long as it comes on in each of these, and at most */
static const int64_t LOOK_TIME = 100 * 1000000LL, SURVEY_TIME = 1000000000LL, SURVEY_MOST = 10000000000LL;
static const int64_t SETTLE_TIME = 100 * 1000000LL;     /* for a forwarded stop to take its effect */
/* what has not died of KILL by then may have somebody below it */
static const int64_t DEEP_AFTER = 100 * 1000000LL;

/* ---------------------------------------------------------------- tables */

/*
 * The options of each name that we answer to. `does` holds what apply() is to do, in turn: letters of our own
 * options, and some that stand for what only another tool has (apply_foreign).
 */
static const struct option_row {
    char letter, does[4];                           /* letter 0: none */
    const char *name, *argument;                    /* NULL: none */
    const char *help;                               /* NULL: the end of the table */
} OWN[] AT_START = {
    {'t', "t", "timeout", "DURATION", "limit the command's lifetime"},
    {'s', "s", "signal", "SIG[,SIG]...", "signals that end it (default TERM)"},
    {'k', "k", "kill-after", "DURATION", "time for each, then KILL (5s, 0 never)"},
    {'p', "p", "preserve-status", NULL, "at the limit exit as the command did"},
    {'c', "c", "single-child", NULL, "signal the command, not its group"},
    {'r', "r", "rewrite", "FROM:TO", "forward TO in place of FROM (0: none)"},
    {'e', "e", "success-status", "STATUS[,STATUS]...", "exit 0 for these: 143, or TERM"},
    {'d', "d", "die-with-parent", NULL, "end it when tiny-reaper's parent ends"},
    {'w', "w", "wait", NULL, "at its end wait for what it left"},
    {'l', "l", "leave", NULL, "at its end leave alone what it left"},
    {'G', "G", "no-guard", NULL, "one process, not safe from kill -9"},
    {'o', "o", "report", "FILE", "append a line of JSON about the run"},
    {'v', "v", "verbose", NULL, "say what went wrong; -vv: everything"},
    {'h', "h", "help", NULL, "print this, and exit"},
    {'V', "V", "version", NULL, "print the version, and exit"},
    {0},
}, TIMEOUT[] = {
    {'f', "", "foreground", NULL, "accepted, and not needed"},
    {'k', "K", "kill-after", "DURATION", "KILL follows this long after a signal"},
    {'p', "p", "preserve-status", NULL, "at the limit exit as COMMAND did"},
    {'s', "S", "signal", "SIGNAL", "what the limit sends (default TERM)"},
    {'v', "y", "verbose", NULL, "say which signal the limit sends"},
    {0, "h", "help", NULL, "print this, and exit"},
    {0, "V", "version", NULL, "print the version, and exit"},
    {0},
}, TINI[] = {
    {'p', "P", NULL, "SIGNAL", "such as SIGTERM, sent when the parent ends"},
    {'s', "", NULL, NULL, "accepted, and not needed"},
    {'v', "n", NULL, NULL, "say what went wrong; -vvv: everything"},
    {'w', "W", NULL, NULL, "warn of each orphan that is reaped"},
    {'g', "g", NULL, NULL, "forward signals to PROGRAM's group"},
    {'e', "E", NULL, "EXIT_CODE", "exit 0 in place of it; may be repeated"},
    {'l', "L", NULL, NULL, "print the licence, and exit"},
    {'h', "h", NULL, NULL, "print this, and exit"},
    {0, "V", "version", NULL, "print the version, and exit"},
    {0},
}, DUMB_INIT[] = {
    {'c', "Ucl", "single-child", NULL, "signal it alone, leave the rest alone"},
    {'r', "R", "rewrite", "FROM:TO", "forward TO in place of FROM (0: none)"},
    {'v', "vv", "verbose", NULL, "say everything"},
    {'h', "h", "help", NULL, "print this, and exit"},
    {'V', "V", "version", NULL, "print the version, and exit"},
    {0},
};

/*
 * The names, ourselves first, and what each takes; the last part of argv[0] decides. `variables` are read
 * after the command line; value NULL: whatever it is. dockerd reads what `docker-init --version` prints.
 */
static const struct tool_row {
    char names[3][12], defaults[4];
    const struct option_row *options;
    const char *help, *usage, *about, *version;
    bool takes_duration;                            /* before the command */
    int refusal;                                    /* exit status for a wrong command line */
    struct variable_row {
        const char *name, *value, *does;
    } variables[2];
} TOOLS[] AT_START = {
    {{"tiny-reaper"}, "", OWN, "tiny-reaper --help", "tiny-reaper [OPTION]... [--] COMMAND [ARG]...",
        "DURATION: a number and ms, s (default), m, h or d: 90, 1.5h, 1h30m; or infinity.\n"
        "SIG: a name such as TERM or RTMIN+3, or a number. Options may also stand in the\n"
        "environment, in TINY_REAPER. Exit status: the command's; at the limit 124, or\n"
        "137 after KILL; 125: an error; 126: it cannot be run; 127: it was not found.\n",
        "tiny-reaper " VERSION "\n", false, FAILED, {{0}}},
    {{"timeout"}, "X", TIMEOUT, "timeout --help", "timeout [OPTION]... DURATION COMMAND [ARG]...",
        "DURATION: a number and s (default), m, h or d; 0: no limit. At the limit nothing\n"
        "of COMMAND is left running; what it leaves when it ends in time goes on.\n"
        "Exit status: COMMAND's; at the limit 124, or 137 after KILL;\n"
        "125: an error; 126: COMMAND cannot be run; 127: COMMAND was not found.\n",
        "timeout (tiny-reaper) " VERSION "\n", true, FAILED, {{0}}},
    {{"tini", "tini-static", "docker-init"}, "c", TINI, "tini -h", "tini [OPTION]... [--] PROGRAM [ARG]...",
        "Environment: TINI_VERBOSITY (a number, as -v), TINI_KILL_PROCESS_GROUP (as -g),\n"
        "TINI_SUBREAPER (not needed). Nothing that PROGRAM started is left running.\n",
        "tini version 0.19.0 (tiny-reaper " VERSION ")\n", false, 1,
        {{"TINI_KILL_PROCESS_GROUP", NULL, "g"}, {"TINI_VERBOSITY", NULL, "N"}}},
    {{"dumb-init"}, "D", DUMB_INIT, "dumb-init --help", "dumb-init [OPTION]... [--] COMMAND [ARG]...",
        "FROM and TO are numbers of signals. Environment: DUMB_INIT_SETSID=0 (as -c),\n"
        "DUMB_INIT_DEBUG=1 (as -v). Without -c nothing that COMMAND started is left.\n",
        "dumb-init v1.2.5 (tiny-reaper " VERSION ")\n", false, 1,
        {{"DUMB_INIT_SETSID", "0", "Ucl"}, {"DUMB_INIT_DEBUG", "1", "vv"}}},
};
enum { NTOOLS = sizeof TOOLS / sizeof TOOLS[0], NVARIABLES = 2 };

/* signal(7); a number's first name is the one that is printed. */
static const struct signal_row {
    signed char number;
    char name[7];
} SIGNAL_NAMES[] = {
    {SIGHUP, "HUP"},       {SIGINT, "INT"},     {SIGQUIT, "QUIT"}, {SIGILL, "ILL"},   {SIGTRAP, "TRAP"},
    {SIGABRT, "ABRT"},     {SIGBUS, "BUS"},     {SIGFPE, "FPE"},   {SIGKILL, "KILL"}, {SIGUSR1, "USR1"},
    {SIGSEGV, "SEGV"},     {SIGUSR2, "USR2"},   {SIGPIPE, "PIPE"}, {SIGALRM, "ALRM"}, {SIGTERM, "TERM"},
    {SIGCHLD, "CHLD"},     {SIGCONT, "CONT"},   {SIGSTOP, "STOP"}, {SIGTSTP, "TSTP"}, {SIGTTIN, "TTIN"},
    {SIGTTOU, "TTOU"},     {SIGURG, "URG"},     {SIGXCPU, "XCPU"}, {SIGXFSZ, "XFSZ"}, {SIGVTALRM, "VTALRM"},
    {SIGPROF, "PROF"},     {SIGWINCH, "WINCH"}, {SIGIO, "IO"},     {SIGPWR, "PWR"},   {SIGSYS, "SYS"},
#ifdef SIGSTKFLT
    {SIGSTKFLT, "STKFLT"},
#endif
    {SIGABRT, "IOT"},      {SIGCHLD, "CLD"},    {SIGIO, "POLL"},
};
enum { NSIGNAL_NAMES = sizeof SIGNAL_NAMES / sizeof SIGNAL_NAMES[0] };

static const struct unit_row {
    const char *name;
    int64_t nanoseconds;
} UNITS[] = {           /* ms before m: the first match counts */
    {"ms", 1000000}, {"s", 1000000000}, {"m", 60000000000}, {"h", 3600000000000}, {"d", 86400000000000},
};
enum { NUNITS = sizeof UNITS / sizeof UNITS[0] };

static const char TERMINAL[] AT_START = "/dev/tty";
static const char SUPERVISOR[] AT_START = "tiny-supervisor";        /* what inner is called by */
static const char VARIABLE[] AT_START = "TINY_REAPER";              /* options in the environment */
static const char AS_IT_IS[] AT_START = "%s", ROOT[] AT_START = "/";

/* ---------------------------------------------------------------- state */

/* A signal set as the kernel has it: musl's and glibc's functions hide 32 to 34, and 32 and 33. */
struct mask {
    unsigned long bits[SIGNALS / (8 * sizeof(unsigned long))];
};

/* The kernel's struct sigaction, which begins with the handler but on MIPS; all zeros is SIG_DFL. */
struct disposition {
#ifdef __mips__
    unsigned flags;
#endif
    uintptr_t handler, rest[7];
};

/* What the user asked for; nobody writes to it once it is parsed. */
static struct options {
    const char *name;               /* what we are called by: messages begin with it */
    const char *where;              /* while parsing: what the error's line says of where the word stood */
    int refusal;                    /* while parsing: exit status for what is not understood */
    unsigned levels;                /* while parsing: tini's verbosity; 1 and 2 are our 1, from 3 on our 2 */
    int64_t limit, grace;           /* nanoseconds; 0: none, never KILL */
    int64_t clear_grace;            /* the grace of what the command left behind */
    const char *limit_text, *report;
    const char *report_where;       /* "" or the variable that names the report's file */
    char **command;
    size_t nsignals;
    unsigned char signals[SIGNALS]; /* those that end it, in turn; 0 (timeout's EXIT): none is sent */
    unsigned char rewrite[SIGNALS + 1];     /* 0: dropped */
    bool success_status[256], success_signal[SIGNALS + 1];
    unsigned verbose;               /* -v: 1, -vv: 2 */
    bool grace_given, preserve_status, single_child, die_with_parent, wait, leave, no_guard;
    bool leave_in_time;             /* timeout: leave alone what a command that ended in time left behind */
    bool alarm_is_limit;            /* timeout: an ALRM that somebody sends is the limit */
    bool limit_counts;              /* timeout: the limit's signal is not ignored from the start (POSIX) */
    bool any_first;                 /* timeout: with -k any first signal that is forwarded escalates */
    bool say_signals, warn_reaped;  /* timeout -v: each signal of the limit; tini -w: each orphan */
} opt = {
    .name = "tiny-reaper", .where = "", .report_where = "", .refusal = FAILED,
    .grace = 5 * 1000000000LL, .clear_grace = 5 * 1000000000LL, .nsignals = 1, .signals = {SIGTERM},
};

enum outcome { NOT_STARTED, EXITED, SIGNALED, LIMIT, PARENT_DIED, KILLED };

/* guard: 1, supervisor: 2, -G and PID 1: both; a survivor takes the other's */
enum { JOB_SIDE = 1, COMMAND_SIDE = 2 };

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
    dev_t stdin_dev;                /* the pipe or socket that standard input was: no leftover reads it */
    ino_t stdin_ino;
    bool foreground;                /* job 0, and it has the terminal */
    bool wants_terminal;            /* at the start */
    char oom_file[512];             /* where the cgroup's OOM kills are counted; empty: nowhere */
    long long oom_before;
    char title[64], limit[32];      /* the command's name and the limit, for messages: inner wipes its own */

    /*
     * By the command's side of the fork before its exec, and then nobody: who reads it has reaped, or
     * forked, it.
     */
    atomic_int command;             /* its pid, before inner could note it */
    atomic_int failed_status;       /* 0: it was started */
    char failure[LINE / 2];
    struct termios modes;           /* of the terminal when it was given */
    atomic_int has_modes;
    atomic_int settled;             /* it has taken the terminal, if that was to be had */

    /* By the job's side: outer, or its heir. Levels and a ring: each is read whole, or not at all. */
    atomic_int job;                 /* our group at the start; 0: it has no number here, or outer left it */
    atomic_uint stand;              /* serial << 8 | enum stand: the answer to the stop of that serial */
    atomic_uint ring_head;          /* how many signals were written */
    atomic_int ring_full;           /* outer waits for room */
    unsigned char ring[256];
    atomic_int parent_died;         /* -d: it is time to end */
    atomic_uint nsenders;
    struct sender senders[SENDERS];

    /* By the command's side: inner, or its heir (the guard, when inner is dead). */
    atomic_uint ring_tail;          /* how many signals were read */
    atomic_uint seen;               /* how many were passed on, and the children's reports taken after that */
    atomic_uint stop;               /* serial << 8 | signal: how the command is stopped; 0: it goes on */
    atomic_int inner;               /* the supervisor: outer itself without a guard */
    atomic_int woken;               /* a CHLD of inner's is on its way to outer */
    atomic_int ended, done;         /* the command is reaped; the work is finished: outer only mirrors */
    atomic_int reported;            /* a report that is no file was begun */
    bool told_end;                  /* a signal that ends was forwarded, or the limit's was sent */
    bool escalated, killed_command; /* KILL was needed; for the command itself */
    int wait_status;                /* the command's, when it has ended */
    enum outcome outcome;
    bool timed_out;                 /* the limit was reached, whatever came of it */
    int exit_status, exit_signal;   /* what outer leaves with */
    int64_t termed;                 /* CLOCK_BOOTTIME when the group last got a TERM from here; 0: never */
    unsigned long reaped, cleared;  /* orphans; of those, the ones that had to be ended */
    long long user_us, system_us;   /* of all that was reaped */
    long max_rss;                   /* kB */
    unsigned forwarded_count;
    unsigned char forwarded[SIGNALS];       /* in order of first arrival */

    /* By both. */
    atomic_int released;            /* 1: outer, 2: inner holds nothing of the caller's; at 3 it starts */
    atomic_bool awaited;            /* the command's side has waited for that: it is to be woken */
    size_t size, command_length;    /* of the mapping; of the command's text in it */
    char text[];                    /* for the report: the command, then the report itself */
} *run;


enum phase {
    RUNNING,                        /* armed: the limit */
    ASKED,                          /* a signal that ends was forwarded, with -k given; armed: the grace */
    ENDING,                         /* the signals of -s in turn; armed: the grace of each */
    LOOKING,                        /* self.then waits for the end of the look that is under way */
    CLEARING,                       /* the command is gone, what it left has got TERM; armed: the grace */
    READING,                        /* only readers are left, about to meet their end; armed: their time */
    KILLING,                        /* KILL to everything; armed: how long we wait for what can't be killed */
    OVER,                           /* nothing more can be done */
};

enum { NPID_TEXTS = 3 };

/* This process's own part. */
static struct self {
    pid_t pid, parent, child;       /* child: inner for outer, the command for inner */
    int role;
    bool child_gone, childless;     /* the child is reaped; wait4 said ECHILD */
    bool more;                      /* a look met its bound: look again before the next sleep */
    bool spares;                    /* there are children from before the start */
    bool told_of_children;          /* that there is no list of them was said */
    bool no_terminal;               /* the session has no terminal, or had one: it gets none any more */
    bool has_proc;                  /* a /proc of our PID namespace was seen */
    bool blind;                     /* no /proc to find the children in */
    bool due;                       /* a child has ended: time for a sweep */
    /* the job's side */
    bool wants;                     /* the command wants the terminal */
    bool job_waits;                 /* a member of the job has asked for it when it was not to be had */
    /* the command's side */
    unsigned serial, served;        /* of the last stop; of the last stop whose answer was carried out */
    pid_t sent_stop;                /* who got a STOP from here, as the command did: outer, -job; 0: nobody */
    bool group_stopped;             /* the whole group got that STOP, and we with it */
    int64_t settle;                 /* when to look whom a forwarded stop has stopped; 0: not */
    int64_t settle_wait;            /* how long it was waited for that last */
    bool hung_up;                   /* the command was told by HUP that it can't have the terminal */
    bool surveyed;                  /* the looker has seen what the command left behind */
    bool sparing;                   /* who reads a pipe is not asked yet */
    enum phase phase, then;         /* then: what comes after LOOKING */
    size_t step, then_step;         /* ENDING: which of opt.signals; KILLING: 1 when it goes deep */
    int64_t deadline;               /* of the phase, CLOCK_MONOTONIC; 0: none */
    int64_t look_deadline;          /* of the look that is under way, beside any phase; 0: there is none */
    int64_t last_end;               /* when a child last ended */
    bool has_timer, armed;          /* armed: the kernel will wake us at the next deadline */
    timer_t timer;
    pid_t looker, last_looker;      /* 0: none at work; the last one, which may still have sent a CHLD */
    int looker_steps;               /* that it had done when its time was last over */
    struct held {                   /* those told who are no children of ours: their numbers may come again */
        pid_t pid;
        int pidfd;
    } held[32];
    int nheld;
    long left, reading;             /* children at the last sweep, -1: none yet; spared readers among them */
    long asked;                     /* processes, of any depth, that have got their TERM in this phase */
    int sweep_signal;               /* of the last sweep: TERM, KILL, or 0 to count */
    unsigned queue_head, queue_tail;        /* of search_queue: counted, and never wound back */
    uint64_t refusals;              /* bit N - 1: that signal N could not be passed on was said */
    int report_fd;                  /* -1: there is to be none */
    bool has_stderr;
    char pid_texts[NPID_TEXTS][40]; /* what stands in the environment for our own pid; empty: nothing */
    struct mask was_pending;        /* before we started: our own number may be their sender */
    struct mask inherited_mask;     /* the command gets these back */
    struct disposition inherited_chld;
    struct itimerval timers[3];     /* of setitimer(2), which exec hands on, and fork does not */
    int was_subreaper;              /* likewise */
} self;                             /* all zero: it costs no byte of the file */

/*
 * Sets of pids, a bit for each. A page is looked at only where something was put into it: untouched pages
 * cost nothing, but some kernels give a page of its own to who only reads.
 */
enum { PIDS_A_PAGE = 8 * 4096, SEARCH_PLACES = 1 << 14 };
struct pid_set {
    bool used[PIDS / PIDS_A_PAGE];
    unsigned char bits[PIDS / 8];
};

/*
 * What is large. It stands last in memory, behind libc's own, as a common symbol does: what each start
 * touches is then near together, and needs fewer pages, and fewer tables of pages, which fork(2) copies.
 */
struct large {
    char run[2 << 16];              /* where *run is mapped, if it is no larger than the half of it */
    pid_t search_queue[SEARCH_PLACES];      /* of self.queue_head, self.queue_tail */
    struct pid_set spared;          /* children from before the start */
    struct pid_set own;             /* lookers and the like, until they are reaped */
    struct pid_set told;            /* have got their TERM */
    struct pid_set readers;         /* read a pipe that is about to end */
    struct pid_set searched[2];     /* their children were looked for, to get TERM; KILL */
} large __attribute__((common));

static bool bit(const struct pid_set *set, pid_t pid)
{
    return set->used[pid / PIDS_A_PAGE] && (set->bits[pid / 8] >> pid % 8 & 1);
}

static void set_bit(struct pid_set *set, pid_t pid)
{
    set->used[pid / PIDS_A_PAGE] = true;
    set->bits[pid / 8] = (unsigned char)(set->bits[pid / 8] | 1u << pid % 8);
}

static void clear_bit(struct pid_set *set, pid_t pid)
{
    if (bit(set, pid))
        set->bits[pid / 8] = (unsigned char)(set->bits[pid / 8] & ~(1u << pid % 8));
}

static void clear_set(struct pid_set *set)
{
    for (size_t page = 0; page < sizeof set->used; page++) {
        if (set->used[page])
            memset(set->bits + page * PIDS_A_PAGE / 8, 0, PIDS_A_PAGE / 8);
        set->used[page] = false;
    }
}

/* Is a child none that the command has left: from before the start, or of our own making? */
static bool is_spared(pid_t pid)
{
    return (self.spares && bit(&large.spared, pid)) || bit(&large.own, pid);
}

static bool has(int role) { return (self.role & role) != 0; }

/* Is what the command leaves behind left alone? */
static bool leaves(void) { return opt.leave || (opt.leave_in_time && !run->told_end); }

/* Is a reader of a pipe asked last? Not where nobody is asked, nor by the limit of -w: that asks all. */
static bool spares_readers(void) { return !leaves() && !(opt.wait && run->timed_out); }

/* Is nobody there who may be stopped, or want the terminal? With -w there may be, after the command's end. */
static bool nobody_is_there(void) { return run->ended && (!opt.wait || run->done); }

/* Are there two processes, guard and supervisor? */
static bool guarded(void) { return run->inner != run->outer; }

/* The command's process group: led by the supervisor; without a guard by the command itself. */
static pid_t group(void) { return guarded() ? run->inner : run->command; }

/*
 * The group that the command has made for itself, as timeout(1) and setsid(1) do: had it led ours, it would
 * still be in it. 0: it is in ours. setpgid(2)
 */
static pid_t own_group(void)
{
    bool leads = guarded() && run->command && !run->ended && getpgid(run->command) == run->command;
    return leads ? run->command : 0;
}

/* Is a process in the command's group, or in one that the command has made for itself? */
static bool is_member(pid_t pid)
{
    pid_t of = getpgid(pid);
    return of > 0 && (of == group() || of == run->command);
}

/* ---------------------------------------------------------------- text and messages */

/*
 * What printf(3) can, as far as it is used here: %c, %s, %d, %u and %x with l or ll, a width, a string's
 * precision, either of them as *, and the flags - and 0. libc's is not async-signal-safe, as all must be
 * between fork and exec, and brings floating point along.
 */
struct output {
    char *buffer;
    size_t size, length;            /* length: of the whole, also where it is cut */
};

static void put_char(struct output *out, char c)
{
    if (out->length + 1 < out->size)
        out->buffer[out->length] = c;
    out->length++;
}

/* LENGTH bytes in a field of WIDTH, filled up with PAD before them; where that is -, with blanks behind. */
static void put_field(struct output *out, const char *bytes, size_t length, int width, char pad)
{
    int fill = length < INT_MAX ? width - (int)length : 0;
    for (; pad != '-' && fill > 0; fill--)
        put_char(out, pad);
    for (size_t i = 0; i < length; i++)
        put_char(out, bytes[i]);
    for (; fill > 0; fill--)
        put_char(out, ' ');
}

static void put_number(struct output *out, uint64_t number, bool negative, unsigned base, int width, char pad)
{
    char digits[24], *at = digits + sizeof digits;
    do
        *--at = "0123456789abcdef"[number % base];
    while ((number /= base) > 0);
    if (negative && pad == '0')
        put_char(out, '-'), width--;
    else if (negative)
        *--at = '-';
    put_field(out, at, (size_t)(digits + sizeof digits - at), width, pad);
}

/* A width or a precision at *AT, which is moved behind it; -1: there is none. */
static int take_size(const char **at, va_list *arguments)
{
    int size = -1;
    if (**at == '*')
        return (*at)++, va_arg(*arguments, int);
    for (; **at >= '0' && **at <= '9'; (*at)++)
        size = (size < 0 ? 0 : size) * 10 + (**at - '0');
    return size;
}

/* An integer of so many l: int, long, long long. */
static long long take_integer(int longs, va_list *arguments)
{
    return longs == 0 ? va_arg(*arguments, int) : longs == 1 ? va_arg(*arguments, long)
                                                             : va_arg(*arguments, long long);
}

/* One conversion, of which AT is behind the %; what is behind it. */
static const char *convert(struct output *out, const char *at, va_list *arguments)
{
    char pad = *at == '-' || *at == '0' ? *at++ : ' ', c;
    int width = take_size(&at, arguments), precision = *at == '.' ? at++, take_size(&at, arguments) : -1;
    int longs = 0;
    for (; *at == 'l'; at++)
        longs++;
    if (*at == 's') {
        const char *string = va_arg(*arguments, const char *);
        size_t length = precision < 0 ? strlen(string) : strnlen(string, (size_t)precision);
        put_field(out, string, length, width, pad);
    } else if (*at == 'c') {
        c = (char)va_arg(*arguments, int);
        put_field(out, &c, 1, width, pad);
    } else if (*at == 'd') {
        long long number = take_integer(longs, arguments);
        put_number(out, number < 0 ? -(uint64_t)number : (uint64_t)number, number < 0, 10, width, pad);
    } else if (*at == 'u' || *at == 'x') {
        uint64_t number = (uint64_t)take_integer(longs, arguments);
        if (longs < 2)
            number &= longs ? ULONG_MAX : UINT_MAX;
        put_number(out, number, false, *at == 'x' ? 16 : 10, width, pad);
    }
    return at + 1;
}

/* vsnprintf(3): the length that there would be with room enough. */
static size_t vprint(char *buffer, size_t size, const char *format, va_list arguments)
{
    struct output out = {buffer, size, 0};
    va_list rest;
    va_copy(rest, arguments);
    while (*format)
        if (*format == '%')
            format = convert(&out, format + 1, &rest);
        else
            put_char(&out, *format++);
    va_end(rest);
    if (size > 0)
        buffer[out.length < size ? out.length : size - 1] = '\0';
    return out.length;
}

/* snprintf(3) */
static __attribute__((format(printf, 3, 4))) size_t print(char *buffer, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    size_t length = vprint(buffer, size, format, arguments);
    va_end(arguments);
    return length;
}

/* A text that grows in a buffer of fixed size, cut at its end, always terminated. */
struct text {
    char *at, *end;
};

static __attribute__((format(printf, 2, 3))) void put(struct text *text, const char *format, ...)
{
    size_t room = (size_t)(text->end - text->at);
    va_list arguments;
    va_start(arguments, format);
    size_t length = vprint(text->at, room, format, arguments);
    va_end(arguments);
    text->at += length < room ? length : room - 1;
}

/*
 * A signal's name without SIG, RTMIN+N or RTMAX-N as is nearer, or a number; in BUFFER where it has to be
 * made.
 */
static const char *signal_name(int sig, char buffer[static 16])
{
    int low = sig - FIRST_REALTIME, high = SIGNALS - sig;
    for (size_t i = 0; i < NSIGNAL_NAMES; i++)
        if (SIGNAL_NAMES[i].number == sig)
            return SIGNAL_NAMES[i].name;
    if (low < 0)
        print(buffer, 16, "%d", sig);
    else if (low <= high)
        print(buffer, 16, low ? "RTMIN+%d" : "RTMIN", low);
    else
        print(buffer, 16, high ? "RTMAX-%d" : "RTMAX", high);
    return buffer;
}
#define NAME(sig) signal_name(sig, (char[16]){0})

/*
 * The length of the UTF-8 sequence at AT, 0 if it is none. RFC 3629: neither overlong, nor a surrogate, nor
 * too high.
 */
static size_t utf8_length(const unsigned char *at)
{
    size_t length = at[0] < 0x80   ? 1
                    : at[0] < 0xc2 ? 0
                    : at[0] < 0xe0 ? 2
                    : at[0] < 0xf0 ? 3
                    : at[0] < 0xf5 ? 4
                                   : 0;
    for (size_t i = 1; i < length; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) ||
        (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f))
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

/* Does a character of N bytes change the direction of what follows it, or end a line? UAX #9, section 2 */
static bool is_directional(const unsigned char *at, size_t n)
{
    if (n == 2)
        return at[0] == 0xd8 && at[1] == 0x9c;
    if (n != 3 || at[0] != 0xe2)
        return false;
    return at[1] == 0x80 ? at[2] == 0x8e || at[2] == 0x8f || (at[2] >= 0xa8 && at[2] <= 0xae)
                         : at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9;
}

/*
 * Makes a line harmless for a terminal: control characters, U+0080 to U+009F, what changes the direction of
 * writing, and what is not UTF-8 become `?`.
 */
static void make_harmless(char *line, size_t length)
{
    for (size_t i = 0, n; i < length; i += n) {
        unsigned char *at = (unsigned char *)line + i;
        n = utf8_length(at);
        if (n > length - i)
            n = 0;
        if (n == 0 || *at < ' ' || *at == 0x7f || (*at == 0xc2 && at[1] < 0xa0) || is_directional(at, n))
            memset(at, '?', n = n ? n : 1);
    }
}

/* The value of a digit in BASE, or -1. */
static int digit_value(char c, int base)
{
    int letter = c | 32, value = base;
    if (c >= '0' && c <= '9')
        value = c - '0';
    else if (letter >= 'a' && letter <= 'f')
        value = letter - 'a' + 10;
    return value < base ? value : -1;
}

/*
 * The number in BASE at *AT, behind blanks, a sign and 0x; *AT is moved behind it. 0 where there is none. Of
 * one that is too large some bits are lost: who uses it compares.
 */
static int64_t take_number(const char **at, int base)
{
    const char *digit = *at + strspn(*at, " \t");
    bool negative = *digit == '-';
    uint64_t number = 0;
    digit += negative;
    if (base == 16 && digit[0] == '0' && digit[1] == 'x')
        digit += 2;
    for (int value; (value = digit_value(*digit, base)) >= 0; digit++)
        number = number * (unsigned)base + (unsigned)value;
    *at = digit;
    return (int64_t)(negative ? -number : number);
}

static int64_t number_at(const char *text, int base) { return take_number(&text, base); }

/* What stands behind the first WORD in a text; NULL: it is not there. */
static const char *behind(const char *text, const char *word)
{
    size_t length = strlen(word);
    for (; strncmp(text, word, length) != 0; text++)
        if (*text == '\0')
            return NULL;
    return text + length;
}

/* The number in BASE behind NAME at the begin of a line, as the files of /proc have it; 0: none. */
static uint64_t field(const char *text, const char *name, int base)
{
    for (size_t length = strlen(name); *text; text += *text == '\n') {
        if (strncmp(text, name, length) == 0)
            return (uint64_t)number_at(text + length, base);
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

/*
 * The descriptor for messages, which never waits: a pipe or a terminal is opened anew without blocking,
 * since the state of the caller's own description is not ours to change, and poll() says yes where write()
 * then sleeps. The controlling terminal has a name that always opens. -1: it can't be opened; messages are
 * lost then, rather than the supervisor.
 */
static int open_messages(mode_t mode)
{
    const char *path = S_ISCHR(mode) && tcgetpgrp(STDERR_FILENO) >= 0 ? TERMINAL : "/proc/self/fd/2";
    return open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

/* Writes to standard error and never waits once a command runs: what is not taken at once is lost. */
static void write_stderr(const char *line, size_t length)
{
    struct stat status;
    struct iovec vector = {(char *)(uintptr_t)line, length};
    ssize_t n __attribute__((unused));
    if (!self.has_stderr || fstat(STDERR_FILENO, &status) != 0)
        return;
    bool tty = S_ISCHR(status.st_mode) && isatty(STDERR_FILENO), fifo = S_ISFIFO(status.st_mode);
    if (!run || !run->command) {                    /* nothing is supervised yet */
        struct pollfd ready = {.fd = STDERR_FILENO, .events = POLLOUT};
        /* -1: not even one descriptor is allowed, but 2 is open */
        int found = poll(&ready, 1, 0);
        if (found == 0 || (found == 1 && ready.revents != POLLOUT))
            return;
    } else if (S_ISSOCK(status.st_mode)) {
        send(STDERR_FILENO, line, length, MSG_DONTWAIT | MSG_NOSIGNAL);
        return;
    } else if (tty || fifo) {
        int fd = open_messages(status.st_mode);
        if (fd >= 0) {
            n = write(fd, line, length);
            close(fd);
        } else if (fifo) {                          /* Linux 6.4 on; before that the message is lost */
            n = syscall(SYS_pwritev2, STDERR_FILENO, &vector, 1ul, -1ul, -1ul, RWF_NOWAIT);
        }
        return;
    }
    while (write(STDERR_FILENO, line, length) < 0 && errno == EINTR)
        continue;
}

static void vsay(const char *format, va_list arguments)
{
    char line[LINE];
    size_t length = print(line, sizeof line, "%s: ", opt.name);
    length += vprint(line + length, sizeof line - length - 1, format, arguments);
    if (length > sizeof line - 2)
        length = sizeof line - 2;
    make_harmless(line, length);
    line[length++] = '\n';
    write_stderr(line, length);
}

/* A line for those who asked for as much: with 1, -v, with 2, -vv; with 0 everybody. errno is kept. */
static __attribute__((format(printf, 2, 3))) void say(unsigned verbose, const char *format, ...)
{
    int saved = errno;
    va_list arguments;
    va_start(arguments, format);
    if (opt.verbose >= verbose)
        vsay(format, arguments);
    va_end(arguments);
    errno = saved;
}
#define warn(...) say(0, __VA_ARGS__)
#define tell(...) say(1, __VA_ARGS__)               /* that something went otherwise than planned */
#define tell_all(...) say(2, __VA_ARGS__)

/*
 * The command line can't be understood, or not even a page can be had: one line, and the end of this
 * process.
 */
static __attribute__((noreturn, format(printf, 2, 3))) void die(int status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsay(format, arguments);
    va_end(arguments);
    _exit(status);
}

/*
 * Leaves word, in the shared page, of what makes a start impossible; conclude() says it. The first word
 * counts. False.
 */
static __attribute__((format(printf, 2, 3))) bool cannot(int status, const char *format, ...)
{
    va_list arguments;
    if (run->failed_status)
        return false;
    va_start(arguments, format);
    vprint(run->failure, sizeof run->failure, format, arguments);
    va_end(arguments);
    run->failed_status = status;
    return false;
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

/* What follows the exponent at AT, which is added to *POWER; AT itself where there is none. strtod(3) */
static const char *scan_exponent(const char *at, char letter, long *power)
{
    const char *digit = at + 1 + (at[0] && (at[1] == '+' || at[1] == '-'));
    long exponent = 0;
    if ((*at | 32) != letter || digit_value(*digit, 10) < 0)
        return at;
    for (; digit_value(*digit, 10) >= 0; digit++)
        if (exponent < 10000000)
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
        if (strncasecmp(text, SIGNAL_NAMES[i].name, sizeof SIGNAL_NAMES[i].name) == 0)
            return SIGNAL_NAMES[i].number;
    bool from_low = strncasecmp(text, "RTMIN", 5) == 0, from_high = strncasecmp(text, "RTMAX", 5) == 0;
    int offset = 0, most = SIGNALS - FIRST_REALTIME;
    if (!from_low && !from_high)
        return -1;
    if (text[5] != '\0' && (text[5] != (from_low ? '+' : '-') || (offset = parse_number(text + 6, most)) < 0))
        return -1;
    return from_low ? FIRST_REALTIME + offset : SIGNALS - offset;
}

/*
 * timeout's SIGNAL: EXIT is 0, and SIG may stand before a number; of one without it the low bits count, so
 * that a shell's $? may stand there (GNU).
 */
static int parse_timeout_signal(const char *text)
{
    int number = parse_number(text, 99999999);
    const char *name = text + (strncasecmp(text, "SIG", 3) == 0 ? 3 : 0);
    if (number < 0 && (number = parse_number(name, SIGNALS)) >= 0)
        return number;
    if (number < 0)
        return strncasecmp(name, "EXIT", sizeof "EXIT") == 0 ? 0 : parse_signal(text);
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

/* The one signal of another tool's option, in one of its FORMS; SIG below 0: it was not understood. */
static void take_signal_option(const char *text, int sig, const char *forms)
{
    if (sig < 0)
        refuse("invalid signal '%s': expected one signal, %s", text, forms);
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
        refuse("invalid rewrite '%s': expected FROM:TO, each %s; %sTO may be 0", text, forms,
               numbers ? "" : "FROM can't be KILL or STOP, and ");
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
static _Noreturn void print_and_exit(const char *text, size_t length)
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
static _Noreturn void print_usage(const struct tool_row *tool)
{
    char buffer[2048], column[64];
    struct text text = {buffer, buffer + sizeof buffer};
    put(&text, "Usage: %s\n", tool->usage);
    put(&text, "Run a command, forward signals to it, and leave nothing of it behind.\n\n");
    for (const struct option_row *row = tool->options; row->help; row++) {
        struct text left = {column, column + sizeof column};
        put_option(&left, row);
        put(&text, "  %-*s %s\n", tool->options == OWN ? 39 : 26, column, row->help);
    }
    put(&text, "\n%s", tool->about);
    print_and_exit(buffer, (size_t)(text.at - buffer));
}

/* The effects that only another tool's options have. */
static SELDOM void apply_foreign(char effect, const char *value)
{
    static const unsigned char stops[] = {SIGTSTP, SIGTTIN, SIGTTOU, 0};
    int number = value ? parse_number(value, 255) : -1, sig;
    switch (effect) {
    case 'X':
        opt.leave_in_time = opt.alarm_is_limit = opt.limit_counts = opt.any_first = true;
        opt.grace = 0;
        break;
    case 'K':                                       /* timeout -k: 0 is as without */
        opt.grace = duration_of(value, NULL);
        opt.grace_given = opt.grace > 0;
        opt.clear_grace = opt.grace > 0 ? opt.grace : DEFAULT_GRACE;
        break;
    case 'T': opt.limit = duration_of(opt.limit_text = value, NULL); break;
    case 'S': take_signal_option(value, parse_timeout_signal(value), SIGNAL_FORMS); break;
    case 'y': opt.say_signals = true; break;
    case 'P':                                       /* tini -p: SIG and the name, in capitals */
        sig = strncmp(value, "SIG", 3) == 0 ? parse_signal(value) : -1;
        sig = sig > 0 && strcmp(value + 3, NAME(sig)) == 0 ? sig : -1;
        take_signal_option(value, sig, "a name in capitals such as SIGTERM");
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
    char option[64], *value = !row->argument ? NULL : rest ? rest : next_word(words);
    if (row->argument && !value) {
        put_option(&(struct text){option, option + sizeof option}, row);
        refuse("option '%s' needs a value; see '%s'", option + strspn(option, " "), tool->help);
    }
    return value;
}

/* Takes a word of letters; the last may have its value there or in the next word. POSIX.1-2024, XBD 12.2 */
static void parse_letters(struct words *words, const struct tool_row *tool, char *word)
{
    for (char *at = word + 1; *at; at++) {
        const struct option_row *row = tool->options;
        while (row->help && row->letter != *at)
            row++;
        if (!row->help)
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
    const struct option_row *found = NULL;
    char meant[LINE] = "";
    struct text list = {meant, meant + sizeof meant};
    size_t length = strcspn(name, "=");
    int n = 0;
    for (const struct option_row *row = tool->options; row->help; row++) {
        if (!row->name || strncmp(row->name, name, length) != 0)
            continue;
        found = row;
        if (row->name[length] == '\0') {
            n = 0;
            break;
        }
        put(&list, n++ ? " or --%s" : "--%s", row->name);
    }
    if (!found)
        refuse("unknown option '%s'; see '%s'", word, tool->help);
    if (n > 1)
        refuse("option '%s' may mean %s; see '%s'", word, meant, tool->help);
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
        bool is_end = word[0] == '-' && word[1] == '-' && !word[2];
        bool is_option = word[0] == '-' && word[1] && !is_end;
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
        for (size_t j = 0; j < 3 && *TOOLS[i].names[j]; j++)
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
    char *text = take_variable(VARIABLE);
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
    char **word = opt.command;
    if (tool->options == TINI && word[1] && strcmp(word[1], "--") == 0 && strcmp(word[-1], "--") != 0)
        *++opt.command = word[0];                   /* tini's own usage: PROGRAM -- [ARGS] */
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

/*
 * A clock in nanoseconds. Where time_t is the kernel's own it is asked by a plain call: the vdso's costs
 * more to find.
 */
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

/* The earlier of the deadlines of phase and look; 0: there is none. */
static int64_t next_deadline(void)
{
    bool phase = self.deadline && (!self.look_deadline || self.deadline < self.look_deadline);
    return phase ? self.deadline : self.look_deadline;
}

/*
 * Sets the phase's deadline on CLOCK_MONOTONIC, 0 for never, and the timer whose SIGALRM wakes us then, or
 * when the look's comes first: by the kernel's own call, since musl's timer_create() brings threads along.
 * It only wakes: a stale one, or one that is lost, does no harm, and where no timer is to be had (a user's
 * pending signals are counted) the wait for signals has a limit of its own (self.armed). The kernel's
 * structure of 64 bits is libc's where time_t has 64. timer_create(2), timer_settime(2)
 */
static void arm(int64_t phase)
{
    self.deadline = phase;
    self.armed = false;
    int64_t deadline = next_deadline();
    if (deadline == 0 && !self.has_timer)
        return;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL,
                             .sigev_signo = SIGALRM,
                             .sigev_value.sival_ptr = &self.timer};
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
    self.armed =
        syscall(SYS_timer_settime, (int)(intptr_t)self.timer, TIMER_ABSTIME, &old, NULL) == 0 && deadline;
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

/*
 * Waits up to TIMEOUT nanoseconds (-1: for ever) for a signal of SET: its number, or -1. The one wait.
 * sigtimedwait(2)
 */
static int take_signal(const struct mask *set, siginfo_t *info, int64_t timeout)
{
    wait_time rest[2] = {(wait_time)(timeout / SECOND < INT32_MAX ? timeout / SECOND : INT32_MAX),
                         (wait_time)(timeout % SECOND)};
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

/* Is SIG in SET? It is taken out of it. */
static bool take_out(struct mask *set, int sig)
{
    struct mask one = mask_of(sig);
    bool found = false;
    for (size_t i = 0; i < sizeof set->bits / sizeof set->bits[0]; i++) {
        found |= (set->bits[i] & one.bits[i]) != 0;
        set->bits[i] &= ~one.bits[i];
    }
    return found;
}

/* sigpending(2) */
static struct mask pending_signals(void)
{
    struct mask set = {{0}};
    syscall(SYS_rt_sigpending, &set, sizeof set);
    return set;
}

static bool is_pending(int sig)
{
    struct mask set = pending_signals();
    return take_out(&set, sig);
}

static bool is_stop(int sig)
{
    return sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU;
}

/*
 * Gets and sets the disposition of SIG, which may be 32 to 34: musl's sigaction() refuses these. NULL: not.
 * sigaction(2)
 */
static bool dispose(int sig, const struct disposition *now, struct disposition *before)
{
    return syscall(SYS_rt_sigaction, sig, now, before, sizeof(struct mask)) == 0;
}

/*
 * Was SIG ignored when we were started? What is ignored while it is blocked still comes here: nobody
 * changes that.
 */
static bool is_ignored(int sig)
{
    struct disposition disposition;
    return dispose(sig, NULL, &disposition) && disposition.handler == (uintptr_t)SIG_IGN;
}

/*
 * An ignored SIGCHLD would have the kernel throw statuses away: it is default here, and the command gets it
 * back. Where it is default already it is not set: that would throw away one that is pending (POSIX 2.4.3).
 */
static bool take_chld(void)
{
    if (dispose(SIGCHLD, NULL, &self.inherited_chld) &&
        (!self.inherited_chld.handler || dispose(SIGCHLD, &(struct disposition){0}, NULL)))
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
 * Wakes the other one of the two, so that it looks at *run: a CHLD to its thread, which does not merge with
 * one that somebody has sent to the process. Where a user's pending signals are used up it loses its
 * sender: run->woken. Outer's id can't have been recycled while it is our parent.
 */
static void wake(pid_t pid)
{
    if (!guarded() || !(has(JOB_SIDE) ? !self.child_gone : getppid() == run->outer))
        return;
    if (pid == run->outer)
        run->woken = true;
    syscall(SYS_tgkill, pid, pid, SIGCHLD);
}

/* From inner to outer, while it is there: to its thread, so it does not merge with somebody's. */
static void signal_outer(int sig)
{
    if (guarded() && !has(JOB_SIDE) && getppid() == run->outer)
        syscall(SYS_tgkill, run->outer, run->outer, sig);
}

/*
 * The ring from outer to inner: what is to be passed on, in order. A shared pending set would lose some: a
 * stop flushes a CONT, two USR1 merge, a member's `kill 0` merges with outer's TERM. One writer, one
 * reader; full, outer takes no more for a while, but a CHLD, for which room is kept, and which merges as it
 * does in the kernel.
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

/* The reader is to be woken after it. */
static void ring_write(int sig)
{
    unsigned head = run->ring_head;
    if (head - run->ring_tail >= RING || (ring_is_full() && ring_holds(sig)))
        return;
    run->ring[head % RING] = (unsigned char)sig;
    run->ring_head = head + 1;
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
 * A task that hangs in execve holds whoever reads its stat, wchan, syscall or links, and one in state D may
 * hold whoever reads its cmdline. So outer and inner read status, comm and children, and nothing else; the
 * rest is the looker's.
 */

/* A call that was only interrupted is made again: a file system may do so, or a debugger. */
static bool interrupted(long result) { return result < 0 && errno == EINTR; }

static int open_file(const char *path, int flags)
{
    int fd;
    do
        fd = open(path, flags | O_CLOEXEC, 0666);
    while (interrupted(fd));
    return fd;
}

static ssize_t read_file(int fd, void *buffer, size_t size)
{
    ssize_t n;
    do
        n = read(fd, buffer, size);
    while (interrupted(n));
    return n;
}

/* Reads the beginning of what FD has into BUFFER as a string, and closes FD: its length, or -1. */
static ssize_t read_start(int fd, char *buffer, size_t size)
{
    ssize_t n = fd < 0 ? -1 : read_file(fd, buffer, size - 1);
    buffer[n > 0 ? n : 0] = '\0';
    if (fd >= 0)
        close(fd);
    return n;
}

/*
 * Is there a /proc, and of our PID namespace? In another one its numbers mean others. A failure is believed
 * the second time: much depends on it.
 */
static bool have_proc(void)
{
    char own[32];
    ssize_t n = -1;
    for (int i = 0; i < 2 && n <= 0; i++)
        n = readlink("/proc/self", own, sizeof own - 1);
    if (n <= 0)
        return false;
    own[n] = '\0';
    return parse_number(own, PIDS - 1) == self.pid;
}

/* Opens /proc/PID/FILE, if it is about our PID; it may not be mounted yet. */
static int open_proc(pid_t pid, const char *file, int flags)
{
    char path[80];
    if (!self.has_proc && !(self.has_proc = have_proc())) {
        errno = ENOENT;
        return -1;
    }
    print(path, sizeof path, "/proc/%ld/%s", (long)pid, file);
    return open_file(path, O_RDONLY | flags);
}

/* Reads /proc/PID/FILE into BUFFER as a string: its length, or -1. */
static ssize_t read_proc(pid_t pid, const char *file, char *buffer, size_t size)
{
    return read_start(open_proc(pid, file, 0), buffer, size);
}

/* proc(5), /proc/PID/status */
struct status {
    char state;
    pid_t parent;
};

/* False: no such process, or no /proc. A newline within a name is escaped. */
static bool read_status(pid_t pid, struct status *status)
{
    char text[512];
    const char *state;
    if (read_proc(pid, "status", text, sizeof text) <= 0 || !(state = behind(text, "\nState:\t")))
        return false;
    status->state = *state;
    uint64_t parent = field(text, "PPid:", 10);
    status->parent = parent < PIDS ? (pid_t)parent : 0;
    return true;
}

/* The parent of PID, 0 if it can't be seen. */
static pid_t parent_of(pid_t pid)
{
    struct status status;
    return read_status(pid, &status) ? status.parent : 0;
}

/* Calls VISIT for each line of what FD has, and closes FD; lines of over 2 kB are cut somewhere. */
static void each_line(int fd, void (*visit)(char *, void *), void *argument)
{
    char buffer[4096], *end;
    size_t rest = 0;
    for (ssize_t n; fd >= 0 && (n = read_file(fd, buffer + rest, sizeof buffer - 1 - rest)) > 0;) {
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

struct wanted {
    const char *name;
    int base;
    uint64_t found;
};

static void look_at_field(char *line, void *argument)
{
    struct wanted *wanted = argument;
    wanted->found |= field(line, wanted->name, wanted->base);
}

/* field() of /proc/PID/FILE, however long: in status the user's groups, on one line, may have 700 kB. */
static uint64_t read_field(pid_t pid, const char *file, const char *name, int base)
{
    struct wanted wanted = {name, base, 0};
    each_line(open_proc(pid, file, 0), look_at_field, &wanted);
    return wanted.found;
}

/* Does a signal SIG wait at process PID? */
static bool waits_at(pid_t pid, int sig)
{
    uint64_t waiting = read_field(pid, "status", "SigPnd:", 16) | read_field(pid, "status", "ShdPnd:", 16);
    return waiting >> (sig - 1) & 1;
}

/* A process's name (comm) into NAME, "?" where it can't be seen, and NAME. */
static char *name_of(pid_t pid, char name[static 64])
{
    ssize_t n = read_proc(pid, "comm", name, 64);
    if (n <= 0)
        print(name, 64, "?");
    else if (name[n - 1] == '\n')                   /* the kernel's; it may hold more of them */
        name[n - 1] = '\0';
    return name;
}

static bool is_called(pid_t pid, const char *name)
{
    char comm[64];
    return strcmp(name_of(pid, comm), name) == 0;
}

static bool is_supervisor(pid_t pid) { return pid > 0 && is_called(pid, SUPERVISOR); }

typedef void visit_t(pid_t pid, void *argument);

/*
 * Calls VISIT for each process ID in the text of numbers and blanks that FD has
 * (/proc/PID/task/TID/children), and closes FD. False: not all could be read.
 */
static bool each_number(int fd, visit_t *visit, void *argument)
{
    char chunk[1024];
    long number = 0;
    ssize_t n;
    while ((n = read_file(fd, chunk, sizeof chunk)) > 0)
        for (ssize_t i = 0; i < n; i++) {
            if (chunk[i] >= '0' && chunk[i] <= '9') {
                number = number < PIDS ? number * 10 + (chunk[i] - '0') : number;
            } else {
                if (number > 0 && number < PIDS)
                    visit((pid_t)number, argument);
                number = 0;
            }
        }
    close(fd);
    return n == 0;
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
    for (long n; (n = syscall(SYS_getdents64, fd, buffer, sizeof buffer)) > 0 || interrupted(n);)
        for (long at = 0; at < n;) {
            struct entry *entry = (struct entry *)(void *)(buffer + at);
            int number = parse_number(entry->name, PIDS - 1);
            if (number >= 0)
                visit((pid_t)number, argument);
            at += entry->length;
        }
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

/*
 * Calls VISIT for each child; without CONFIG_PROC_CHILDREN by a look at every process. False: no usable
 * /proc.
 */
static bool each_child(visit_t *visit, void *argument)
{
    struct visitor visitor = {visit, argument};
    if (!have_proc())
        return false;
    int fd = open_file("/proc/thread-self/children", O_RDONLY);
    if (fd >= 0 && each_number(fd, visit, argument))
        return true;
    if (!self.told_of_children)
        tell_all("no list of children in /proc: %s: looking at every process", strerror(errno));
    self.told_of_children = true;
    if ((fd = open_file("/proc", O_RDONLY | O_DIRECTORY)) < 0)
        return false;
    each_entry(fd, visit_if_ours, &visitor);
    close(fd);
    return true;
}

/* Calls VISIT for each number in directory FILE of a process. False: it can't be read. */
static bool each_entry_of(pid_t pid, const char *file, visit_t *visit, void *argument)
{
    int fd = open_proc(pid, file, O_DIRECTORY);
    if (fd < 0)
        return false;
    each_entry(fd, visit, argument);
    close(fd);
    return true;
}

/* Calls VISIT for each child that thread TID of process PID has. */
static void each_child_of_task(pid_t pid, pid_t tid, visit_t *visit, void *argument)
{
    char file[48];
    print(file, sizeof file, "task/%ld/children", (long)tid);
    int fd = open_proc(pid, file, 0);
    if (fd >= 0)
        each_number(fd, visit, argument);
}

struct task_of {
    pid_t pid;
    struct visitor visitor;
};

static void visit_task(pid_t tid, void *argument)
{
    const struct task_of *of = argument;
    each_child_of_task(of->pid, tid, of->visitor.visit, of->visitor.argument);
}

/* Calls VISIT for each child of process PID, whichever of its threads has it. */
static void each_child_of(pid_t pid, visit_t *visit, void *argument)
{
    each_entry_of(pid, "task", visit_task, &(struct task_of){pid, {visit, argument}});
}

/*
 * Is there an unreaped child of ours of this TYPE and ID? *DEAD: the zombie's pid, or 0. Nothing is reaped.
 * waitid(2)
 */
static bool have_child(idtype_t type, pid_t id, pid_t *dead)
{
    siginfo_t info = {0};
    int result;
    do
        result = waitid(type, (id_t)id, &info, WEXITED | WNOHANG | WNOWAIT | __WALL);
    while (interrupted(result));
    *dead = info.si_pid;
    return result == 0;
}

/*
 * Is PID a child of this process that lives? The kernel answers, so that no number out of /proc can mean
 * another; where it refuses to (seccomp) the number is believed: a child's is its own until we reap it.
 */
static bool is_living_child(pid_t pid)
{
    pid_t dead;
    return (have_child(P_PID, pid, &dead) || errno != ECHILD) && dead == 0;
}

/* The first bytes of the file PATH, as a string: their number, or -1. */
static ssize_t read_head(const char *path, char *head, size_t size)
{
    return read_start(open_file(path, O_RDONLY | O_NOCTTY), head, size);
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

struct oom_search {
    char path[512];                                 /* of this process's cgroup; empty: none */
    bool v2;
};

/* One line of /proc/self/cgroup: is it the memory hierarchy, v1 or unified? cgroups(7) */
static void look_at_cgroup(char *line, void *argument)
{
    struct oom_search *search = argument;
    char *number = next_field(&line, ':'), *names = next_field(&line, ':');
    bool memory = names && behind(names, "memory"),
         unified = names && *names == '\0' && strcmp(number, "0") == 0;
    if (!line || !(memory || (unified && !*search->path)))
        return;
    print(search->path, sizeof search->path, "%s", line);
    search->v2 = !memory;
}

/* One line of mountinfo: is it the memory hierarchy, and our cgroup in it? proc(5) */
static void look_at_mount(char *line, void *argument)
{
    const struct oom_search *search = argument;
    char *rest = line, *root = NULL, *point = NULL;
    const char *tail = behind(line, search->v2 ? " - cgroup2 " : " - cgroup ");
    if (!tail || *run->oom_file || (!search->v2 && !behind(tail, "memory")))
        return;
    for (int i = 0; i < 5 && rest; i++)
        root = point, point = next_field(&rest, ' ');
    size_t length = root && strcmp(root, "/") != 0 ? strlen(root) : 0;
    if (point && root && strncmp(search->path, root, length) == 0 &&
        print(run->oom_file, sizeof run->oom_file, "%s%s/%s", point, search->path + length,
              search->v2 ? "memory.events" : "memory.oom_control") >= sizeof run->oom_file)
        *run->oom_file = '\0';                      /* too long a path */
}

/*
 * Finds the file that counts OOM kills in this process's cgroup; nothing found: its name stays empty. Not
 * inlined: its buffers would lie on the stack of every start.
 */
static __attribute__((noinline)) void find_oom_file(void)
{
    struct oom_search search = {.v2 = false};
    each_line(open_file("/proc/self/cgroup", O_RDONLY), look_at_cgroup, &search);
    if (*search.path)
        each_line(open_file("/proc/self/mountinfo", O_RDONLY), look_at_mount, &search);
}

/* How often the kernel's OOM killer has struck in this cgroup; -1: that cannot be known. */
static long long oom_kills(void)
{
    char text[512];
    const char *at;
    ssize_t n = *run->oom_file ? read_head(run->oom_file, text, sizeof text) : -1;
    if (n <= 0 || !(at = behind(text, "oom_kill ")))
        return -1;
    return number_at(at, 10);
}

/* Was there an OOM kill during the run? 1, 0, -1: unknown. */
static int oom_killed(void)
{
    long long kills = run->oom_before < 0 ? -1 : oom_kills();
    return kills < 0 ? -1 : kills > run->oom_before;
}

/* ---------------------------------------------------------------- where the terminal is */
/*
 * The job is the group that the caller's shell put us in; the command has a group of its own. Only one
 * group of a session has the terminal. Where it is, is never stored: it is looked at, by one function for
 * all.
 */
enum where {
    NOWHERE = 1,                    /* there is no terminal */
    WITH_JOB = 2,
    WITH_US = 4,                    /* the command's group, or one of its making */
    WITH_NOBODY = 8,                /* with a group that is gone */
    ELSEWHERE = 16,
    ABANDONED = 32,                 /* with our group, which the command has left for one of its own */
    OURS = WITH_US | WITH_NOBODY | ABANDONED,
};

/*
 * The door to the controlling terminal: its own name, or standard error, which we keep. The caller closes
 * it; -1: none. ENXIO: this process has no terminal and gets none any more, for only a session's leader does,
 * and we open none as ours. tty(4)
 */
static int open_terminal(void)
{
    if (self.no_terminal)
        return -1;
    int fd = open_file(TERMINAL, O_RDWR | O_NOCTTY | O_NONBLOCK);
    self.no_terminal = fd < 0 && errno == ENXIO;
    if (fd < 0 && !self.no_terminal && tcgetpgrp(STDERR_FILENO) >= 0)
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

/*
 * Where is the terminal behind FD? *HOLDER: its foreground group, which is 0 where that has no number here.
 * Where WITH_US is not ASKED for, the tree is not walked.
 */
static enum where where_is(int fd, unsigned asked, pid_t *holder)
{
    *holder = fd < 0 ? -1 : tcgetpgrp(fd);
    if (*holder < 0)
        return NOWHERE;
    if (*holder == 0)                               /* ours, or anybody's: who had it at the start has it */
        return run->job == 0 && run->foreground ? WITH_JOB : ELSEWHERE;
    if (*holder == run->job)
        return WITH_JOB;
    if (*holder == group())
        return own_group() ? ABANDONED : WITH_US;
    if (!(asked & ~(unsigned)(WITH_JOB | ABANDONED)))
        return ELSEWHERE;
    if (descends(*holder))
        return WITH_US;
    return kill(-*holder, 0) != 0 && errno == ESRCH ? WITH_NOBODY : ELSEWHERE;
}

static enum where find_holder(pid_t *holder)
{
    int fd = open_terminal();
    enum where where = where_is(fd, ELSEWHERE, holder);
    if (fd >= 0)
        close(fd);
    return where;
}

static enum where terminal_is(void)
{
    pid_t holder;
    return find_holder(&holder);
}

/* Keeps the terminal's modes for the end, if that was not done yet. tcgetattr(3) */
static void save_modes(int fd)
{
    if (!run->has_modes)
        run->has_modes = tcgetattr(fd, &run->modes) == 0;
}

/*
 * Looks where the terminal is, and passes it to group TO if that is one of FROM. A blocked TTOU lets a
 * background group do it. The kernel has no compare-and-set for this: a group that takes it between the two
 * calls loses it. Before the command gets it the job's side keeps its modes: the command may change them as
 * soon as it has it. True: passed.
 */
static bool pass_terminal(unsigned from, pid_t to)
{
    pid_t holder;
    int fd = open_terminal();
    bool found = to > 0 && (where_is(fd, from, &holder) & from) != 0;
    if (found && to != run->job && has(JOB_SIDE))
        save_modes(fd);
    bool passed = found && tcsetpgrp(fd, to) == 0;
    if (fd >= 0)
        close(fd);
    return passed;
}

/* The command has the terminal, in whatever group it is, from one of FROM. */
static bool give_terminal(unsigned from) { return pass_terminal(from, own_group() ?: group()); }

/*
 * The job has the terminal again. Where tiny-reaper ended the command its modes are put back first: echo,
 * raw.
 */
static bool return_terminal(bool with_modes)
{
    pid_t holder;
    int fd = with_modes && run->has_modes ? open_terminal() : -1;
    if (fd >= 0) {
        if (where_is(fd, OURS, &holder) & OURS)
            tcsetattr(fd, TCSANOW, &run->modes);
        close(fd);
    }
    return pass_terminal(OURS, run->job);
}

/* The member of our job that handed the terminal to group HOLDER, if that is another tiny-reaper; else 0. */
static pid_t neighbour_above(pid_t holder)
{
    bool supervised = false;
    pid_t pid = holder;
    for (int depth = 0; depth < DEPTH_MOST && pid > 1 && getpgid(pid) != run->job; depth++) {
        supervised |= is_supervisor(pid);
        pid = parent_of(pid);
    }
    return pid > 1 && (supervised || is_called(pid, "tiny-reaper")) ? pid : 0;
}

/* fstat(2). (musl's has its empty path among the other constants: AT_START.) */
static int look_at_stream(int fd, struct stat *status)
{
    static const char itself[] AT_START = "";
    return fstatat(fd, itself, status, AT_EMPTY_PATH);
}

/*
 * Does the command want the terminal at the start? Unless it is part of a pipeline, which takes it when it
 * asks: but who ignores or blocks the terminal's signals can't ask. An asynchronous list (`&`) of a shell
 * without job control, which has INT and QUIT ignored and no terminal to read (POSIX, XCU 2.11), is in the
 * background, though it is in the same group. Where the job has no number here (PID 1 of a namespace, the
 * session outside) a read of no length tells whether we are in the foreground: EIO says no.
 */
static bool wants_at_start(void)
{
    char nothing;
    int fd = open_terminal();
    if (fd < 0)
        return false;
    run->foreground = run->job == 0 && tcgetpgrp(fd) == 0 && (read(fd, &nothing, 0) == 0 || errno == EAGAIN);
    if (run->job > 0 && tcgetpgrp(fd) == run->job)
        save_modes(fd);
    close(fd);
    if (is_ignored(SIGINT) && is_ignored(SIGQUIT) && !isatty(STDIN_FILENO))
        return false;
    bool asks = true;
    /* a shell at its prompt ignores one of these at least in `$(...)` */
    for (int sig = SIGTSTP; sig <= SIGTTOU; sig++)
        asks &= !(self.inherited_mask.bits[0] >> (sig - 1) & 1) && !is_ignored(sig);
    struct stat stream;
    for (int i = 0; asks && i < 2; i++)
        if (look_at_stream(i, &stream) == 0 && (S_ISFIFO(stream.st_mode) || S_ISSOCK(stream.st_mode)))
            return false;
    return true;
}

/* ---------------------------------------------------------------- starting */

/*
 * fork(2) by the kernel's call: libc's blocks signals, which are blocked, and takes locks of threads that we
 * have not.
 */
static pid_t plain_fork(void)
{
#ifdef SYS_fork
    return (pid_t)syscall(SYS_fork);
#else
    return (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
#endif
}

/*
 * getpid(2), which cannot fail, but seccomp can refuse it. To signal a process of a number below 1 would be
 * to signal everybody.
 */
static pid_t own_pid(void)
{
    pid_t pid = getpid();
    if (pid < 1)
        die(FAILED, "cannot get the own process ID: %s", strerror(errno));
    return pid;
}

/* A field of a structure of elf(5), of 32 or 64 bits as HEAD says, that begins at AT; 0: beyond SIZE. */
#define ELF_FIELD(head, size, at, structure, name) \
    ((head)[EI_CLASS] == ELFCLASS64 \
     ? word_at(head, size, (at) + offsetof(Elf64_##structure, name), sizeof((Elf64_##structure *)0)->name) \
     : word_at(head, size, (at) + offsetof(Elf32_##structure, name), sizeof((Elf32_##structure *)0)->name))

/* The unsigned number of LENGTH bytes at AT, in this machine's byte order. */
static uint64_t word_at(const char *head, size_t size, uint64_t at, size_t length)
{
    union { uint16_t half; uint32_t word; uint64_t giant; } number = {.giant = 0};
    if (at >= size || length > size - at)
        return 0;
    memcpy(&number, head + at, length);
    return length == 2 ? number.half : length == 4 ? number.word : number.giant;
}

/* The interpreter that an ELF file of this machine's asks for, as an offset into HEAD; 0: none. elf(5) */
static size_t interpreter_of_elf(const char *head, size_t size)
{
    uint64_t at = ELF_FIELD(head, size, 0, Ehdr, e_phoff), n = ELF_FIELD(head, size, 0, Ehdr, e_phnum);
    for (; n-- > 0 && at < size; at += head[EI_CLASS] == ELFCLASS64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr))
        if (ELF_FIELD(head, size, at, Phdr, p_type) == PT_INTERP) {
            uint64_t name = ELF_FIELD(head, size, at, Phdr, p_offset);
            return name < size ? (size_t)name : 0;
        }
    return 0;
}

/*
 * The name of the interpreter that the file which begins with HEAD needs, cut out of HEAD; NULL: none.
 * execve(2)
 */
static char *interpreter(char *head, size_t size)
{
    if (strncmp(head, "#!", 2) == 0) {
        char *name = head + 2 + strspn(head + 2, " \t");
        name[strcspn(name, " \t\n")] = '\0';
        return name;
    }
    if (size < sizeof(Elf64_Ehdr) || memcmp(head, ELFMAG, SELFMAG) != 0)
        return NULL;
    size_t at = interpreter_of_elf(head, size);
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
static SELDOM void explain(const char *name, const char *path, int error)
{
    char head[4096], file[304 + 1];
    struct stat status;
    /* cut, so that there is room for the reason */
    print(file, sizeof file, strlen(name) < 304 ? "%s" : "%.301s...", name);
    bool found = *path && stat(path, &status) == 0;
    ssize_t n = found && S_ISREG(status.st_mode) ? read_head(path, head, sizeof head) : -1;
    char *needs = n > 0 ? interpreter(head, (size_t)n) : NULL, *end = needs ? strchr(needs, '\r') : NULL;
    if (error == ENOENT && !found)
        cannot(NOT_FOUND, "cannot run '%s': %s%s", file, strerror(error), duration_hint());
    else if (found && S_ISDIR(status.st_mode))
        cannot(CANNOT_RUN, "cannot run '%s': it is a directory", file);
    else if (error == EACCES && found && access(path, X_OK) != 0)
        cannot(CANNOT_RUN, "cannot run '%s': no permission to execute it: %s", file, strerror(error));
    else if (error == ENOENT && end)
        cannot(CANNOT_RUN,
               "cannot run '%s': its interpreter '%.*s' is followed by a carriage return: CR LF line ends",
               file, (int)(end - needs), needs);
    else if (needs && (error == ENOENT || error == EACCES || error == ENOTDIR || error == ELIBBAD))
        cannot(CANNOT_RUN, error == ENOENT ? "cannot run '%s': its interpreter '%.200s' is missing: %s"
               : "cannot run '%s': its interpreter '%.200s': %s", file, needs, strerror(error));
    else if (error == ENOEXEC)
        cannot(CANNOT_RUN, "cannot run '%s': %s: %s", file,
               is_text(path) ? "a text without #!, and /bin/sh cannot be run"
                             : "an executable of another machine, or none at all",
               strerror(error));
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
 * Where execute() looks for FILE: the directories of PATH; NULL: nowhere, since FILE is a path, or too long
 * for a name.
 */
static const char *search_list(const char *file)
{
    if (strchr(file, '/') || strlen(file) > NAME_MAX)
        return NULL;
    const char *list = getenv("PATH");
    return list ? list : "/usr/local/bin:/bin:/usr/bin";
}

/*
 * execvp as POSIX has it, which musl's is not for scripts: returns the errno that counts, and in PATH, of
 * SIZE bytes, the file that it is about (empty: none was found). A file that was found and can't be run
 * outweighs one that is not there.
 */
static int execute(char **argv, char *path, size_t size)
{
    const char *file = argv[0], *list = search_list(file), *end;
    char candidate[size];
    int result = ENOENT;
    path[0] = '\0';
    if (*file == '\0')
        return ENOENT;
    if (!list) {
        result = execute_file(file, argv);
        print(path, size, "%s", file);
        return result;
    }
    for (;; list = end + 1) {
        end = strchrnul(list, ':');
        size_t length = print(candidate, size, "%.*s%s%s", (int)(end - list), list,
                              end > list ? "/" : "", file);
        int error = length < size ? execute_file(candidate, argv) : ENAMETOOLONG;
        bool found = (error == EACCES || error == ENOENT) && access(candidate, F_OK) == 0;
        bool next = error == ENOENT || error == EACCES || error == ENOTDIR || error == ENAMETOOLONG ||
                    error == ESTALE || error == ENODEV || error == ETIMEDOUT;
        if (!next || (path[0] == '\0' && (found || error == EACCES))) {
            print(path, size, "%s", candidate);
            result = error;
        }
        if (!next || *end == '\0')
            return result;
    }
}

/*
 * What names tiny-reaper's process is to name the command's: sd_listen_fds(3), sd_watchdog_enabled(3). Its
 * place is made before the fork: the less the command's side reads, the fewer pages it has to fault in.
 */
static void prepare_environment(void)
{
    static const char NAMES[NPID_TEXTS][20] AT_START = {"LISTEN_PID=", "WATCHDOG_PID=", "SYSTEMD_EXEC_PID="};
    for (size_t i = 0; i < NPID_TEXTS; i++) {
        size_t length = strlen(NAMES[i]);
        for (char **at = environ; *at; at++)
            if (strncmp(*at, NAMES[i], length) == 0 && parse_number(*at + length, PIDS) == self.pid)
                *at = memcpy(self.pid_texts[i], NAMES[i], length + 1);
    }
    for (char **at = environ, **to = environ; *self.pid_texts[0]; at++)
        if ((*to = *at) == NULL)
            return;
        else if (strncmp(*at, "LISTEN_PIDFDID=", strlen("LISTEN_PIDFDID=")) != 0)
            to++;
}

/* The number of this process, which is the command's. */
static void complete_environment(void)
{
    for (size_t i = 0; i < NPID_TEXTS; i++)
        if (*self.pid_texts[i])
            print(strchr(self.pid_texts[i], '=') + 1, 12, "%ld", (long)run->command);
}

/*
 * An alarm that was set before our exec is the command's, to be seen and to be taken back. It is ours no
 * longer, except under the name of timeout, whose limit any ALRM is. setitimer(2), alarm(2)
 */
static void take_timers(void)
{
    static const struct itimerval none AT_START = {{0}, {0}};
    prctl(PR_GET_CHILD_SUBREAPER, &self.was_subreaper, 0, 0, 0);
    if (opt.alarm_is_limit)
        return;
    setitimer(ITIMER_REAL, &none, &self.timers[ITIMER_REAL]);
    setitimer(ITIMER_VIRTUAL, &none, &self.timers[ITIMER_VIRTUAL]);
    setitimer(ITIMER_PROF, &none, &self.timers[ITIMER_PROF]);
}

/* Is it armed? setitimer(2) */
static bool is_set(const struct itimerval *timer)
{
    return timer->it_value.tv_sec != 0 || timer->it_value.tv_usec != 0;
}

/* The command has what exec would have handed on to it. */
static void hand_on_timers(void)
{
    if (is_set(&self.timers[ITIMER_REAL]))
        setitimer(ITIMER_REAL, &self.timers[ITIMER_REAL], NULL);
    if (is_set(&self.timers[ITIMER_VIRTUAL]))
        setitimer(ITIMER_VIRTUAL, &self.timers[ITIMER_VIRTUAL], NULL);
    if (is_set(&self.timers[ITIMER_PROF]))
        setitimer(ITIMER_PROF, &self.timers[ITIMER_PROF], NULL);
    if (self.was_subreaper)
        prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

/*
 * futex(2) on a word of the shared page: waits while it is VALUE, a tenth of a second at most, so that a
 * waker who is lost costs no more than that; wakes all.
 */
static void wait_while(atomic_int *word, int value)
{
    wait_time most[2] = {0, 100000000};
    syscall(SYS_futex, word, 0, value, most, NULL, 0);
}

static void wake_all(atomic_int *word) { syscall(SYS_futex, word, 1, INT_MAX, NULL, NULL, 0); }

enum { OUTER_RELEASED = 1, INNER_RELEASED = 2, ALL_RELEASED = 3 };

/* False: a CALL that the start needs has failed. */
static bool cannot_start(const char *call)
{
    return cannot(FAILED, "cannot start '%s': %s: %s", run->title, call, strerror(errno));
}

/*
 * The command's side of the fork: everything as tiny-reaper found it, but for the group, the terminal, and
 * the parent-death signal. The exec waits until nobody of us holds the caller's directory or descriptors,
 * which the command may want to be rid of: where one of us is killed before that, this process is too.
 */
static _Noreturn void become_command(void)
{
    if (!guarded() && setpgid(0, 0) != 0)
        cannot_start("setpgid"), _exit(FAILED);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        cannot_start("prctl"), _exit(FAILED);
    if (getppid() != run->inner) {                  /* it died before prctl, and no signal will come; or: */
        if (getppid() == 0 && run->inner != 1)
            cannot(FAILED,
                   "cannot start '%s': its process ID would be of another namespace: use unshare --fork",
                   run->title);
        _exit(FAILED);
    }
    run->command = own_pid();
    /* before exec: who asks whether it is in the foreground hears yes */
    if (run->wants_terminal)
        give_terminal(WITH_JOB);
    run->settled = true;
    if (self.inherited_chld.handler && !dispose(SIGCHLD, &self.inherited_chld, NULL))
        cannot_start("sigaction"), _exit(FAILED);
    if (opt.limit_counts && opt.limit && opt.signals[0])
        dispose(opt.signals[0], &(struct disposition){0}, NULL);
    complete_environment();
    for (int released; (released = run->released) != ALL_RELEASED;) {
        run->awaited = true;                        /* before it is looked at again, by futex(2) */
        wait_while(&run->released, released);
    }
    hand_on_timers();
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &self.inherited_mask, NULL, sizeof self.inherited_mask);
    /* of the stack as little as will do: each page of it is the process's own to be had */
    const char *list = search_list(opt.command[0]);
    size_t size = strlen(opt.command[0]) + (list ? strlen(list) : 0) + 2;
    char path[size < PATH_MAX ? size : PATH_MAX];
    int error = execute(opt.command, path, sizeof path);
    block_signals(NULL);
    explain(opt.command[0], path, error);
    _exit(run->failed_status);
}

/*
 * Always by fork(2): an exec that hangs, or a stop that is typed just before it, would hold a vfork's
 * parent in the call.
 */
static bool start_command(void)
{
    pid_t pid = plain_fork();
    if (pid == 0)
        become_command();
    if (pid < 0)
        return cannot_start("fork");
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
    tell_all("close_range: %s: closing one by one", strerror(errno));
    struct range range = {first, last, open_file("/proc/self/fd", O_RDONLY | O_DIRECTORY)};
    struct rlimit limit;
    if (range.own >= 0) {
        each_entry(range.own, close_entry, &range);
        close(range.own);
    } else if (prlimit(0, RLIMIT_NOFILE, NULL, &limit) == 0) {
        for (unsigned i = first; i <= last && i < limit.rlim_cur; i++)
            close((int)i);
    }
}

/*
 * After the start nothing of the caller's is held but standard error: a reader of the command's output sees
 * end-of-file when the command closes it, and no file system is kept busy. As PID 1 we keep 0 and 1 for
 * those who write to /proc/1/fd/1.
 */
static void release(void)
{
    if (self.pid != 1)
        close_all(STDIN_FILENO, STDOUT_FILENO);
    if (self.report_fd > 0)
        close_all(STDERR_FILENO + 1, (unsigned)self.report_fd - 1);
    close_all(self.report_fd > 0 ? (unsigned)self.report_fd + 1 : STDERR_FILENO + 1, ~0u);
    if (chdir(ROOT) != 0)
        tell("cannot change to /: %s", strerror(errno));
    atomic_fetch_or(&run->released,
                    guarded() ? has(JOB_SIDE) ? OUTER_RELEASED : INNER_RELEASED : ALL_RELEASED);
    if (run->awaited && run->released == ALL_RELEASED)
        wake_all(&run->released);
}

/*
 * The command has its own limits: with RLIMIT_NOFILE at 0 we could not look at /proc. Who may raises what
 * is too low. By prlimit(2): musl's setrlimit() brings threads along.
 */
static void keep_descriptors(void)
{
    struct rlimit limit, enough = {64, 64};
    if (prlimit(0, RLIMIT_NOFILE, NULL, &limit) != 0 || limit.rlim_cur >= 64)
        return;
    if (limit.rlim_max > 64)
        enough.rlim_max = limit.rlim_max;
    if (prlimit(0, RLIMIT_NOFILE, &enough, NULL) != 0)
        prlimit(0, RLIMIT_NOFILE, &(struct rlimit){limit.rlim_max, limit.rlim_max}, NULL);
}

/*
 * Without it a promise is missing, and that is said: what the command leaves behind goes to somebody else.
 * prctl(2)
 */
static void become_subreaper(void)
{
    if (self.pid != 1 && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0 && has(JOB_SIDE))
        warn("cannot become a subreaper: %s: what the command leaves behind goes to init", strerror(errno));
}

/*
 * Another name for ps, killall and pkill: whoever names tiny-reaper, or a word of the command line, means
 * outer, and hits only one of the two. The arguments are the command's own by now: it was forked.
 */
static void hide_arguments(int argc, char **argv)
{
    size_t length = (size_t)(argv[argc - 1] - argv[0]) + strlen(argv[argc - 1]);
    memset(argv[0], 0, length);
    memcpy(argv[0], SUPERVISOR, length < sizeof SUPERVISOR ? length : sizeof SUPERVISOR - 1);
}

/*
 * The inner process's first steps: it leads the group into which the command will be born, and is out of
 * the job by then. Its parent-death signal is one that wakes a stopped process too. False: the command
 * can't be started.
 */
static bool become_inner(void)
{
    self.parent = run->outer;
    self.pid = own_pid();
    self.role = COMMAND_SIDE;
    self.spares = self.has_proc = false;
    self.was_pending = (struct mask){{0}};
    if (self.pid == 1)
        return cannot(FAILED,
                      "its processes would be of another PID namespace than itself: use unshare --fork");
    run->inner = self.pid;
    prctl(PR_SET_NAME, SUPERVISOR);
    if (prctl(PR_SET_PDEATHSIG, SIGCONT) != 0)
        return cannot_start("prctl");
    if (setpgid(0, 0) != 0)
        return cannot_start("setpgid");
    if (getppid() != run->outer) {                  /* it died before prctl: no signal will come */
        run->outcome = KILLED;
        return false;
    }
    become_subreaper();
    return true;
}

/*
 * Makes two processes of one. The outer one is the guard, and its child is the inner one. False: nothing
 * can be started.
 */
static bool split(void)
{
    self.role = JOB_SIDE;
    become_subreaper();
    pid_t pid = plain_fork();
    if (pid == 0)
        return become_inner();
    if (pid < 0)
        return cannot(FAILED, "cannot fork: %s", strerror(errno));
    setpgid(pid, pid);
    run->inner = self.child = pid;
    return true;
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
static const int64_t PRINT_TIME = 5000000;          /* ns, of LOOK_TIME, for end_look() */

/* What a call waits for, and so what its arguments are. */
enum kind { OTHER, FD, IN, OUT, CHILD, CHILD_ID, POLL, SELECT, EPOLL, LOCK, PATH, PATH_AT, FUTEX };

/* The calls that block, by the numbers of our machine; from 424 on they are the same everywhere. */
#define ROW(name, kind) {SYS_##name, #name, kind, 0}
#define TIMED(name, kind, timeout) {SYS_##name, #name, kind, timeout}
static const struct call_row {
    short number;
    char name[16];
    unsigned char kind;
    signed char timeout;                            /* its limit: argument N points to it, -N is it in ms */
} CALLS[] = {
    ROW(read, IN), ROW(readv, IN), ROW(pread64, IN), ROW(preadv, IN), ROW(preadv2, IN), ROW(write, OUT),
    ROW(writev, OUT), ROW(pwrite64, OUT), ROW(pwritev, OUT), ROW(pwritev2, OUT), ROW(sendfile, OUT),
    ROW(wait4, CHILD), ROW(waitid, CHILD_ID), TIMED(ppoll, POLL, 2), TIMED(epoll_pwait, EPOLL, -3),
    {441, "epoll_pwait2", EPOLL, 3}, ROW(flock, LOCK), ROW(fcntl, LOCK), ROW(openat, PATH_AT),
    {437, "openat2", PATH_AT, 0}, TIMED(futex, FUTEX, 3), {449, "futex_waitv", OTHER, 0},
    {455, "futex_wait", OTHER, 0}, TIMED(pselect6, SELECT, 4), ROW(nanosleep, OTHER),
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
#ifdef SYS__newselect                               /* the older one takes its arguments as a structure */
    {SYS__newselect, "select", SELECT, 4},
#elif defined SYS_select
    TIMED(select, SELECT, 4),
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
    {407, "clock_nanosleep", OTHER, 0}, {413, "pselect6", SELECT, 4}, {414, "ppoll", POLL, 2},
    {417, "recvmmsg", FD, 0}, {418, "mq_timedsend", FD, 0}, {419, "mq_timedreceive", FD, 0},
    {420, "semtimedop", OTHER, 0}, {421, "rt_sigtimedwait", OTHER, 0}, {422, "futex", FUTEX, 3},
#endif
};
enum { NCALLS = sizeof CALLS / sizeof CALLS[0] };

/* Who can end a wait: nobody can tell; those that waits_for() finds; another thread of the process. */
enum ender { ANYBODY, OTHERS, OWN_THREAD };
enum side { READS = 1, WRITES = 2, LOCKS = 4, LIVES = 8 };

struct process {
    pid_t pid, parent, group;
    pid_t files;                                    /* a thread that lives: its files are the process's */
    struct process *above, *first, *last, *next;    /* the tree: its parent, its children as a list */
    struct task *tasks;                             /* ntasks of its threads */
    int ntasks, threads, circle, leads_to, mark;    /* circle: its number, 0: none; find_circles() */
    int64_t start, age, cpu;                        /* start in ticks since the boot; nanoseconds */
    uint64_t caught;                                /* signals, if knows_caught */
    const char *command;
    bool looked, shown, waits, looked_at_stdin, knows_caught, told;
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
    bool asked, listed;                             /* asked: the supervisor was, for `call` */
    char name[16];                                  /* comm; empty: its process's */
    char state, wchan[40], call[200];               /* call: /proc/PID/task/TID/syscall as it is */
};

/* What tasks wait on, by the name that the link of a descriptor has, and who holds which side of it. */
struct thing { uint64_t key; struct hold *holds; const char *name; bool outside; };
struct hold { struct process *process; struct hold *next; enum side side; uint64_t mark; };
struct want { struct thing *thing; enum side side; uint64_t mark; };    /* mark: inode, or lock's line */

static struct look {
    /* of one look, cleared at its start */
    atomic_int nprocesses, ntasks, nwants, nholds, nedges;
    atomic_int asked, served, finished;             /* tasks in queue[]; all steps are done */
    atomic_int steps;                               /* that were done: it comes on */
    atomic_int nreaders, ntold;
    enum look_for what;
    pid_t supervisor;
    int64_t started, until;
    atomic_int table_length;
    int missed, ncircles;
    bool foreign, unread;                           /* other numbers of calls; descriptors not known */
    size_t ntexts;
    uint64_t scanned;                               /* the network namespace whose sockets have their names */
    /* of the run */
    atomic_int recorded, json_length, circles_length, left_length;
    bool named;                                     /* what was left when the command ended is said */
    int more, more_recorded, noutside, stamp;
    uint64_t outside[OUTSIDE];                      /* files that others may hold: hashes of names */
    /* told: members of the group that have had its last TERM */
    pid_t readers[READERS], told[PROCESSES];
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
    print(path, sizeof path, "/proc/%ld/%s/%d", (long)pid, file, fd);
    ssize_t n = readlink(path, name, NAME_SIZE - 1);
    name[n > 0 ? n : 0] = '\0';
    return n > 0;
}

/* /proc/PID/fdinfo/FD; "" where it can't be read. */
static const char *read_fdinfo(pid_t pid, int fd, char *buffer, size_t size)
{
    char file[32];
    print(file, sizeof file, "fdinfo/%d", fd);
    buffer[0] = '\0';
    read_proc(pid, file, buffer, size);
    return buffer;
}

/* /proc/PID/task/TID/FILE */
static ssize_t read_task(const struct task *task, const char *file, char *buffer, size_t size)
{
    char path[48];
    print(path, sizeof path, "task/%ld/%s", (long)task->tid, file);
    return read_proc(task->process->pid, path, buffer, size);
}

/* The command line with blanks for NULs, or [comm]. */
static void read_command_line(pid_t pid, const char *name, char *buffer, size_t size)
{
    ssize_t n = read_proc(pid, "cmdline", buffer, size);
    if (n <= 0) {
        print(buffer, size, "[%s]", name);
        return;
    }
    while (n > 0 && buffer[n - 1] == '\0')
        n--;
    for (bool cut = n == (ssize_t)size - 1; n > 0 && cut;)      /* not within a character */
        cut = (buffer[--n] & 0xc0) == 0x80;
    for (ssize_t i = 0; i < n; i++)
        if (buffer[i] == '\0')
            buffer[i] = ' ';
    buffer[n] = '\0';
}

/* The next step has this share, in percent, of the time that is left. */
static void allot(int share)
{
    int64_t time = now(),
            rest = look->started + (look->what == WHY_HUNG ? LOOK_TIME : SURVEY_MOST) - PRINT_TIME - time;
    look->until = time + (rest > 0 ? rest / 100 * share : 0);
}

/* proc(5), /proc/PID/stat */
struct stat_line {
    char name[64], state;
    long parent, group, threads;
    long long ticks, start;                         /* clock ticks: on a processor; since the boot */
};

/*
 * The name may hold blanks and parentheses: the rest stands after the last one. False: no such process, or
 * no /proc.
 */
static bool read_stat(pid_t pid, const char *file, struct stat_line *stat)
{
    char buffer[1024], *open, *close;
    const char *at;
    if (read_proc(pid, file, buffer, sizeof buffer) <= 0 || !(open = strchr(buffer, '(')) ||
        !(close = strrchr(buffer, ')')))
        return false;
    print(stat->name, sizeof stat->name, "%.*s", (int)(close - open - 1), open + 1);
    stat->parent = stat->group = stat->threads = 0;
    stat->ticks = 0;
    stat->state = (char)(close[1] ? close[2] : '?');
    at = close + (close[1] && close[2] ? 3 : 0);
    for (int number = 4; number <= 22; number++) {
        int64_t value = take_number(&at, 10);
        if (number == 4)
            stat->parent = (long)value;
        else if (number == 5)
            stat->group = (long)value;
        else if (number == 14 || number == 15)
            stat->ticks += value;
        else if (number == 20)
            stat->threads = (long)value;
        stat->start = value;
    }
    return true;
}

/* The unit of the kernel's times in stat, in nanoseconds. */
static int64_t tick(void) { return SECOND / (int64_t)(getauxval(AT_CLKTCK) ?: 100); }

/* How long ago a process was started, in nanoseconds; the kernel counts in ticks of 10 ms. */
static int64_t age_of(const struct stat_line *stat)
{
    int64_t age = read_clock(CLOCK_BOOTTIME) - stat->start * tick();
    return age > 0 ? age : 0;
}

/* ---- the tree */

static void add_process(pid_t pid, void *argument)
{
    struct process *above = argument, *process = &look->processes[look->nprocesses];
    if (pid <= 0 || (above == look->processes && is_spared(pid)))
        return;
    if (look->nprocesses == PROCESSES) {
        look->missed++;
        return;
    }
    *process = (struct process){.pid = pid, .files = pid, .parent = above->pid, .above = above};
    *(above->last ? &above->last->next : &above->first) = process;
    above->last = process;
    look->nprocesses++;
}

static void add_children(pid_t tid, void *above)
{
    each_child_of_task(((struct process *)above)->pid, tid, add_process, above);
}

/* A step: the children of one process, so that in the end all are there, those above before those below. */
static void find_children(int index)
{
    struct process *process = &look->processes[index];
    char path[64];
    struct stat status;
    print(path, sizeof path, "/proc/%ld/task", (long)process->pid);
    if (stat(path, &status) == 0 && status.st_nlink == 3)       /* one thread: no directory to read */
        add_children(process->pid, process);
    else
        each_entry_of(process->pid, "task", add_children, process);
}

/* What can be had of a process without being held by it: that it is there, at least. */
static void look_briefly(struct process *process)
{
    struct status status = {.state = '?'};
    char name[64];
    process->looked = true;
    if (kill(process->pid, 0) != 0 && errno == ESRCH)
        return;
    read_status(process->pid, &status);
    process->state = status.state;
    memcpy(process->name, name_of(process->pid, name), sizeof name);     /* whole: we may be killed here */
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

/* What stands for a process as long as it lives: who has a pidfd of it, waits for its end. */
static void name_life(pid_t pid, char name[static NAME_SIZE])
{
    print(name, NAME_SIZE, "life of %ld", (long)pid);
}

/* One descriptor of a poll: true if it is a pipe or a pidfd, and only its holders can end the wait. */
static bool add_polled(struct task *task, int fd, unsigned events, uint64_t inode)
{
    char name[NAME_SIZE], info[1024];
    pid_t pid = task->process->files;
    if (!read_link(pid, "fd", fd, name) || !(events & (POLLIN | POLLOUT)))
        return false;
    bool is_pidfd = *name != '/' && strstr(name, "pidfd");
    if (!is_pidfd && strncmp(name, "pipe:[", 6) != 0)
        return false;
    read_fdinfo(pid, fd, info, sizeof info);
    uint64_t mark = field(info, "ino:", 10);
    if (inode && mark && inode != mark)             /* epoll: the number has become another file's */
        return false;
    if (is_pidfd) {
        name_life((pid_t)field(info, "Pid:", 10), name);
        return (events & POLLIN) && add_want(task, name, LIVES, 0);
    }
    bool in = !(events & POLLIN) || add_want(task, name, WRITES, mark);
    bool out = !(events & POLLOUT) || add_want(task, name, READS, mark);
    return in && out;
}

/* The call is about descriptor FD: what that is into NAME, which is empty before. */
static void name_descriptor(struct task *task, int fd, char name[static NAME_SIZE])
{
    task->fd = fd >= 0 ? fd : -1;
    if (read_link(task->process->files, "fd", fd, name))
        task->file = keep(name);
    if (strncmp(name, "socket:[", 8) == 0)
        task->socket = find_thing(name, true);
}

/* A call polls the first N of POLLED, and if not ALL is said others as well. One alone is the call's own. */
static void decode_polled(struct task *task, const struct pollfd *polled, size_t n, bool all)
{
    char name[NAME_SIZE] = "";
    bool closed = n > 0 && all;
    for (size_t i = 0; i < n; i++)
        if (polled[i].fd >= 0)
            closed &= add_polled(task, polled[i].fd, (unsigned short)polled[i].events, 0);
    if (n == 1 && all)
        name_descriptor(task, polled[0].fd, name);
    task->ender = closed && task->nwants ? OTHERS : ANYBODY;
}

/* poll and ppoll: the array is in the process's memory. */
static void decode_poll(struct task *task, uintptr_t array, uint64_t count)
{
    struct pollfd polled[POLLED];
    size_t most = (count < POLLED ? (size_t)count : POLLED) * sizeof *polled;
    size_t n = read_memory(task->process->files, array, polled, most) / sizeof *polled;
    decode_polled(task, polled, n, n == count);
}

/* select and pselect6: three sets of bits in the process's memory, of descriptors below VALUE[0]. */
static void decode_select(struct task *task, const uint64_t *value)
{
    enum { BITS = 8 * sizeof(long) };
    static const short EVENTS[] = {POLLIN, POLLOUT, POLLPRI};
    unsigned long sets[3][POLLED / BITS] = {{0}};
    struct pollfd polled[POLLED];
    pid_t pid = task->process->files;
    int count = value[0] < POLLED ? (int)value[0] : POLLED;
    size_t n = 0, size = (size_t)(count + BITS - 1) / BITS * sizeof(long);
    bool all = value[0] <= POLLED;
    for (int i = 0; i < 3; i++)
        all &= !value[1 + i] || read_memory(pid, (uintptr_t)value[1 + i], sets[i], size) == size;
    for (int fd = 0; fd < count; fd++) {
        polled[n] = (struct pollfd){.fd = fd};
        for (int i = 0; i < 3; i++)
            if (sets[i][fd / BITS] >> fd % BITS & 1)
                polled[n].events |= EVENTS[i];
        n += polled[n].events != 0;
    }
    decode_polled(task, polled, n, all);
}

/* epoll: what it watches stands in its fdinfo: `tfd: 5 events: 19 data: 5 pos:0 ino:1234 sdev:d` */
static void decode_epoll(struct task *task)
{
    char info[8192];
    size_t length = strlen(read_fdinfo(task->process->files, task->fd, info, sizeof info));
    bool closed = length > 0 && length < sizeof info - 1;
    int watched = 0;
    for (char *rest = info, *line; (line = next_field(&rest, '\n')) && watched <= POLLED;) {
        const char *fd = behind(line, "tfd:"), *events = behind(line, "events:");
        const char *inode = behind(line, "ino:");
        watched += fd != NULL;
        closed &= !fd || (events && add_polled(task, (int)number_at(fd, 10), (unsigned)number_at(events, 16),
                                               inode ? (uint64_t)number_at(inode, 16) : 0));
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
static SELDOM void match_lock(char *line, void *argument)
{
    struct waiter *waiter = argument;
    struct task *task = waiter->task;
    const char *text = word(line, 1);
    if (strncmp(text, "->", 2) != 0) {
        print(waiter->holder, sizeof waiter->holder, "%s", text);
        return;
    }
    text = word(text, 1);
    long pid = (long)number_at(word(text, 3), 10);  /* -1 for a lock of a description (OFD) */
    const char *colon = strchr(word(text, 4), ':'), *inode = colon ? strchr(colon + 1, ':') : NULL;
    bool same_file = inode && waiter->inode && (uint64_t)number_at(inode + 1, 10) == waiter->inode;
    bool is_flock = strncmp(text, "FLOCK", 5) == 0;
    if (task->nwants || is_flock != waiter->is_flock || (waiter->inode && !same_file))
        return;
    if (pid > 0 ? pid != task->process->pid : !same_file)
        return;
    task->ender = add_want(task, waiter->name, LOCKS, hash_of(waiter->holder)) ? OTHERS : ANYBODY;
    task->outsider = (pid_t)number_at(word(waiter->holder, 3), 10);
    if (task->outsider <= 0 || (kill(task->outsider, 0) != 0 && errno == ESRCH))
        task->outsider = 0;
}

/* wait4 and waitid: the child as wait4 names it. */
static void decode_wait(struct task *task, bool is_waitid, unsigned long type, pid_t id)
{
    char info[1024];
    if (is_waitid && type == 3)                     /* P_PIDFD */
        id = (pid_t)field(read_fdinfo(task->process->files, id, info, sizeof info), "Pid:", 10);
    else if (is_waitid)
        id = type == P_ALL ? -1 : type == P_PGID ? -id : id;
    task->child = id ? id : -task->process->group;
    task->ender = look->missed ? ANYBODY : OTHERS;
}

/* What the arguments say, beyond the descriptor, which is a NAME. */
static void decode_by_kind(struct task *task, char *name, const uint64_t *value)
{
    char info[2048];
    enum kind kind = task->row->kind;
    bool is_pipe = *name && (strncmp(name, "pipe:[", 6) == 0 || behind(task->wchan, "pipe"));
    uint64_t inode = is_pipe || kind == LOCK ?
        field(read_fdinfo(task->process->files, task->fd, info, sizeof info), "ino:", 10) : 0;
    if ((kind == IN || kind == OUT) && is_pipe) {
        task->ender = add_want(task, name, kind == IN ? WRITES : READS, inode) ? OTHERS : ANYBODY;
    } else if (kind == LOCK) {
        struct waiter waiter = {task, name, task->row->number == SYS_flock, inode, ""};
        each_line(open_file("/proc/locks", O_RDONLY), match_lock, &waiter);
    } else if (kind == CHILD || kind == CHILD_ID) {
        decode_wait(task, kind == CHILD_ID, (unsigned long)value[0], (pid_t)value[kind == CHILD_ID]);
    } else if (kind == POLL) {
        decode_poll(task, (uintptr_t)value[0], value[1]);
    } else if (kind == SELECT) {
        decode_select(task, value);
    } else if (kind == EPOLL) {
        decode_epoll(task);
    } else if (kind == PATH || kind == PATH_AT) {
        uintptr_t at = (uintptr_t)value[kind == PATH_AT];
        name[read_memory(task->process->files, at, name, NAME_SIZE - 1)] = '\0';
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
static SELDOM void decode(struct task *task)
{
    char name[NAME_SIZE] = "";
    const char *at = task->call;
    uint64_t value[7];
    int64_t number = take_number(&at, 10);
    pid_t pid = task->process->files;
    if (look->foreign || at == task->call || number < 0 || number > INT_MAX || number == SYS_restart_syscall)
        return;
    for (size_t i = 0; i < 7; i++)
        value[i] = (uint64_t)take_number(&at, 16);
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
        name_descriptor(task, (int)value[0], name);
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
    print(file, sizeof file, "task/%ld/stat", (long)tid);
    bool alone = process->threads == 1;
    if (look->ntasks == TASKS || (!alone && (now() >= look->until || !read_stat(process->pid, file, &stat))))
        return;
    *task = (struct task){.process = process, .tid = tid, .fd = -1, .number = -1, .state = stat.state};
    if (process->state == 'Z' && stat.state != 'Z')
        process->files = tid;
    if (!alone && strcmp(stat.name, process->name) != 0)
        print(task->name, sizeof task->name, "%s", stat.name);
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
    process->cpu = stat.ticks * tick();
    memcpy(process->name, stat.name, sizeof process->name);
    read_command_line(process->pid, stat.name, line, sizeof line);
    process->command = keep(line);
    process->state = stat.state;
    /* not before: what holds us is still to be looked at briefly */
    process->looked = true;
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

/* An address as RFC 5952 has it: `::` for the first of the longest runs of groups that are 0. */
static void put_ipv6(struct text *text, const unsigned char bytes[16])
{
    static const unsigned char MAPPED[12] = {[10] = 0xff, [11] = 0xff};
    int groups[8], first = 8, most = 1;
    if (memcmp(bytes, MAPPED, sizeof MAPPED) == 0) {
        put(text, "::ffff:%d.%d.%d.%d", bytes[12], bytes[13], bytes[14], bytes[15]);
        return;
    }
    for (size_t i = 0; i < 8; i++)
        groups[i] = bytes[2 * i] << 8 | bytes[2 * i + 1];
    for (int i = 0, n; i < 8; i++) {
        for (n = 0; i + n < 8 && groups[i + n] == 0; n++)
            continue;
        if (n > most)
            most = n, first = i;
    }
    for (int i = 0; i < 8; i++)
        if (i == first)
            put(text, "::"), i += most - 1;
        else
            put(text, i == 0 || i == first + most ? "%x" : ":%x", (unsigned)groups[i]);
}

/* 0100007F:1F90 of /proc/net/tcp: the address's bytes as words of this machine. */
static SELDOM void put_address(struct text *text, const char *hex)
{
    union { uint32_t words[4]; unsigned char bytes[16]; } address = {{0}};
    char digits[9] = "";
    size_t length = strcspn(hex, ": "), n = length / 8 < 4 ? length / 8 : 4;
    for (size_t i = 0; i < n; i++) {
        memcpy(digits, hex + 8 * i, 8);
        address.words[i] = (uint32_t)number_at(digits, 16);
    }
    const unsigned char *bytes = address.bytes;
    put(text, n == 4 ? " [" : " ");
    if (n == 4)
        put_ipv6(text, bytes);
    else
        put(text, "%d.%d.%d.%d", bytes[0], bytes[1], bytes[2], bytes[3]);
    put(text, n == 4 ? "]:%d" : ":%d", hex[length] ? (int)number_at(hex + length + 1, 16) : 0);
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
    print(link, sizeof link, "socket:[%lld]", (long long)number_at(word(line, is_unix ? 6 : 9), 10));
    struct thing *thing = find_thing(link, false);
    if (!thing || thing->name)
        return;
    put(&text, is_unix ? "unix" : "%.3s", (char *)protocol);
    if (is_unix) {
        put(&text, " %s", *word(line, 7) ? word(line, 7) : link);
    } else {
        uint64_t state = (uint64_t)number_at(word(line, 3), 16);
        put_address(&text, word(line, 1));
        put_address(&text, word(line, 2));
        if (*(char *)protocol == 't')
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
    print(path, sizeof path, "/proc/%ld/ns/net", (long)task->process->pid);
    ssize_t n = readlink(path, space, sizeof space - 1);
    space[n > 0 ? n : 0] = '\0';
    if (look->scanned == hash_of(space))
        return;
    look->scanned = hash_of(space);
    for (size_t i = 0; i < sizeof PROTOCOLS / sizeof *PROTOCOLS; i++) {
        print(path, sizeof path, "/proc/%ld/net/%s", (long)task->process->pid, PROTOCOLS[i]);
        each_line(open_file(path, O_RDONLY), name_socket, (void *)(uintptr_t)PROTOCOLS[i]);
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

/* Is it no zombie? One whose leader is dead lives on in its other threads. */
static bool lives(const struct process *process)
{
    return process->state != 0 && (process->state != 'Z' || process->threads > 1);
}

/* One descriptor of a process: is it an end of a pipe, or a locked file, that somebody waits for? */
static void look_at_file(pid_t fd, void *argument)
{
    static const enum side SIDES[] = {[O_RDONLY] = READS, [O_WRONLY] = WRITES, [O_RDWR] = READS | WRITES, 0};
    struct process *process = argument;
    char name[NAME_SIZE], info[4096];
    struct stat_line stat;
    look->unread |= now() >= look->until;
    bool named = !look->unread && read_link(process->files, "fd", fd, name);
    struct thing *thing = named ? find_thing(name, false) : NULL;
    if (!thing || !read_stat(process->pid, "stat", &stat) || stat.start != process->start)
        return;
    if (!*read_fdinfo(process->files, fd, info, sizeof info))
        look->unread = true;
    else
        add_hold(thing, process, SIDES[field(info, "flags:", 8) & O_ACCMODE], field(info, "ino:", 10));
    for (char *rest = info, *line; (line = next_field(&rest, '\n'));)
        if (strncmp(line, "lock:", 5) == 0)
            add_hold(thing, process, LOCKS, hash_of(word(line, 2)));
}

/* A step: all descriptors of a process. */
static void find_ends(int index)
{
    struct process *process = &look->processes[index];
    char name[NAME_SIZE];
    if (look->nwants == 0 || !lives(process))
        return;
    name_life(process->pid, name);
    struct thing *life = find_thing(name, false);
    if (life)
        add_hold(life, process, LIVES, 0);
    look->unread |= !each_entry_of(process->files, "fd", look_at_file, process) && errno != ENOENT;
}

static int add_found(struct process *process, int n)
{
    if (process->mark == look->stamp)
        return n;
    process->mark = look->stamp;
    look->found[n] = process;
    return n + 1;
}

/* Has the process a handler for SIG? A timer of timer_create(2), whatever it sends, counts as ALRM. */
static bool catches(struct process *process, int sig)
{
    char timers[16];
    if (!process->knows_caught) {
        process->caught = read_field(process->pid, "status", "SigCgt:", 16);
        if (read_proc(process->pid, "timers", timers, sizeof timers) > 0)
            process->caught |= UINT64_C(1) << (SIGALRM - 1);
    }
    process->knows_caught = true;
    return process->caught >> (sig - 1) & 1;
}

static bool polls(const struct task *task)
{
    return task->row && (task->row->kind == POLL || task->row->kind == SELECT || task->row->kind == EPOLL);
}

static bool is_other_side(const struct hold *hold, const struct want *want)
{
    return (hold->side & want->side) && hold->mark == want->mark;
}

/* Does its process hold the other side, too, of something that a thread waits for? */
static bool holds_both_sides(const struct task *task)
{
    for (int i = 0; i < task->nwants; i++)
        for (const struct hold *hold = task->wants[i].thing->holds; hold; hold = hold->next)
            if (hold->process == task->process && is_other_side(hold, &task->wants[i]))
                return true;
    return false;
}

/*
 * Who could end the task's wait: found[], how many. The process itself only if nobody else can, and if it
 * watches nothing else; its children, if a poll is interrupted by their end, as the one of make(1) is.
 */
static int waits_for(const struct task *task)
{
    bool all = polls(task) && task->ender == OTHERS && catches(task->process, SIGCHLD);
    bool itself = (!polls(task) || task->ender == OTHERS) && holds_both_sides(task);
    int n = 0;
    look->stamp++;
    for (struct process *child = task->child || all ? task->process->first : NULL; child; child = child->next)
        if (lives(child) &&
            (all || task->child == -1 || task->child == child->pid || task->child == -child->group))
            n = add_found(child, n);
    for (int i = 0; i < task->nwants; i++)
        for (const struct hold *hold = task->wants[i].thing->holds; hold; hold = hold->next)
            if (hold->process != task->process && is_other_side(hold, &task->wants[i]))
                n = add_found(hold->process, n);
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

/*
 * May somebody free a thread whom no descriptor shows? A clock of the process's own, by its handler. Where
 * it holds the other side of a pipe ITSELF a handler may write into that, whoever sends the signal.
 */
static bool may_be_freed(const struct task *task, bool itself)
{
    static const char clocks[] = {SIGALRM, SIGVTALRM, SIGPROF, 0};
    static const char faults[] = {SIGINT, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, 0};
    for (int sig = 1; sig < FIRST_REALTIME - 2; sig++)          /* not libc's own */
        if ((itself ? !strchr(faults, sig) : strchr(clocks, sig) != NULL) && catches(task->process, sig))
            return true;
    return false;
}

static bool add_edge(struct process *from, struct process *to)
{
    if (look->nedges == EDGES)
        return false;
    look->edges[look->nedges].from = from;
    look->edges[look->nedges++].to = to;
    return true;
}

/*
 * Notes who could end the waits of a process: who is found, and each child, if it has a handler for its end.
 * False: it runs, or nobody can tell.
 */
static bool add_edges(struct process *process)
{
    int first = look->nedges;
    bool closed = process->threads > 0 && process->ntasks >= process->threads;
    for (int i = 0; i < process->ntasks && closed; i++) {
        const struct task *task = &process->tasks[i];
        if (task->state == 'Z' || task->state == 'X' || waits_for_own(task))
            continue;
        int n = task->ender == OTHERS && !(task->nwants && look->unread) ? waits_for(task) : 0;
        closed = n > 0 && !may_be_freed(task, holds_both_sides(task));
        for (int to = 0; to < n && closed; to++)
            closed = add_edge(process, look->found[to]);
        struct process *child = closed && catches(process, SIGCHLD) ? process->first : NULL;
        for (; child && closed; child = child->next)
            closed = child->looked && (!lives(child) || add_edge(process, child));
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
    char file[48], text[512] = "";
    read_task(task, "status", text, sizeof text);
    const char *state = behind(text, "\nState:\t");
    if (!state || (*state != 'S' && *state != 'D'))
        return -1;
    print(file, sizeof file, "task/%ld/status", (long)task->tid);
    return (long)(read_field(task->process->pid, file, "voluntary_ctxt_switches:", 10) +
                  read_field(task->process->pid, file, "nonvoluntary_ctxt_switches:", 10));
}

static bool is_suspect(const struct task *task)
{
    return task->process->circle > 0 && (task->state == 'S' || task->state == 'D');
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

/* Was a process there when the looker looked who is left? Who has come since may be of a reader's making. */
static bool was_there(pid_t pid)
{
    for (int i = 1; look && i < look->nprocesses; i++)
        if (look->processes[i].pid == pid)
            return true;
    return false;
}

/* Is it a FIFO by its name that a thread in a circle waits for? */
static bool is_at_fifo(const struct task *task)
{
    return is_suspect(task) && task->nwants == 1 && task->wants->side != LOCKS && task->file &&
           *task->file == '/';
}

/* One descriptor of process *PID, which is not below us: is it a FIFO that somebody below us waits at? */
static void look_at_file_outside(pid_t fd, void *pid)
{
    char name[NAME_SIZE];
    bool named = now() < look->until && read_link(*(pid_t *)pid, "fd", fd, name) && *name == '/';
    struct thing *thing = named ? find_thing(name, false) : NULL;
    if (thing)
        thing->outside = true;
}

/* All descriptors of a process, if it is not below us. */
static void look_at_outsider(pid_t pid, void *unused)
{
    (void)unused;
    if (now() < look->until && !was_there(pid))
        each_entry_of(pid, "fd", look_at_file_outside, &pid);
}

/*
 * A FIFO in a circle: who is not below us may have it open. False: there was no time to look. Whom the
 * kernel does not show is not known.
 */
static bool look_outside(int share)
{
    int i = 0;
    allot(share);
    while (i < look->ntasks && !is_at_fifo(&look->tasks[i]))
        i++;
    int fd = i < look->ntasks ? open_file("/proc", O_RDONLY | O_DIRECTORY) : -1;
    if (fd < 0)
        return true;
    each_entry(fd, look_at_outsider, NULL);
    close(fd);
    return now() < look->until;
}

/* A step: only if none has run since, all of them slept in their calls at one and the same instant. */
static void confirm(int index)
{
    const struct task *task = &look->tasks[index];
    int circle = task->process->circle;
    if (!is_suspect(task) || (task->switches >= 0 && task->switches == count_switches(task) &&
                              task->key == hash_of(task->call) &&
                              !(is_at_fifo(task) && task->wants->thing->outside)))
        return;
    for (int i = 0; i < look->nprocesses; i++)
        if (look->processes[i].circle == circle)
            look->processes[i].circle = -circle;        /* what it was: for good, whoever else has run */
}

/* ---- in words, and in JSON */

/* The command line, or, where that was not read, the name in brackets, as ps(1) has it. */
static const char *command_of(const struct process *process, char buffer[static 80])
{
    print(buffer, 80, "[%s]", process->name);
    return process->command ? process->command : buffer;
}
#define COMMAND(process) command_of(process, (char[80]){0})

static const char *file_of(const struct task *task)
{
    return task->socket && task->socket->name ? task->socket->name : task->file;
}

/* The call's name, or its number; NULL: not known. */
static const char *call_of(const struct task *task, char buffer[static 16])
{
    print(buffer, 16, "%d", task->number);
    return task->row ? task->row->name : task->number >= 0 ? buffer : NULL;
}

/* What a thread does: `write(1 pipe:[8123]) for 12345` */
static SELDOM void describe(struct text *text, const struct task *task)
{
    char number[16];
    const char *call = call_of(task, number), *file = file_of(task);
    long cpu = (long)(task->process->cpu / (SECOND / 100));
    if (task->state == 'R')
        put(text, "runs, cpu %ld.%02ld s", cpu / 100, cpu % 100);
    else
        put(text, "%s", task->state == 'T' ? "stopped" : task->state == 't' ? "held by its tracer"
            : call ? call : task->wchan);
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
    if (process->start)
        put(&text, "\"elapsed_s\":%lld.%03lld,\"cpu_s\":%lld.%03lld", ms / 1000, ms % 1000, cpu / 1000,
            cpu % 1000);
    else
        put(&text, "\"elapsed_s\":null,\"cpu_s\":null");
    put_json_or_null(&text, "wchan", process->ntasks ? process->tasks[0].wchan : "-");
    put_json_or_null(&text, "command", COMMAND(process));
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

enum { DOING = 256 };               /* bytes of what a line has room for of what a thread does */

/*
 * What the first thread does that no line tells of yet, and how many do the same: they share its line.
 * *FIRST: which one that is.
 */
static int group_threads(const struct process *process, int *first, char what[static DOING])
{
    char next[DOING] = "";
    int same = 0;
    while (*first < process->ntasks && process->tasks[*first].listed)
        ++*first;
    for (int i = *first; i < process->ntasks; i++) {
        struct task *task = &process->tasks[i], *leader = &process->tasks[*first];
        char *words = task == leader ? what : next;
        if (task->listed || task->state != leader->state || task->number != leader->number)
            continue;
        describe(&(struct text){words, words + DOING}, task);
        task->listed = strcmp(what, words) == 0;
        same += task->listed;
    }
    return same;
}

/*
 * Lines for standard error: a process, then threads of it that wait elsewhere. The command is a line that
 * begins with a newline: it may stand behind the first, see tell_row().
 */
static SELDOM bool show_process(const struct process *process, int depth)
{
    struct text text = {look->table + look->table_length, look->table + TABLE_SIZE - CIRCLES_SIZE};
    long tenths = (long)(process->age / (SECOND / 10));
    char what[DOING] = "-", line[DOING];
    int listed = 0, first = 0;
    for (int i = 0; i < process->ntasks; i++)
        process->tasks[i].listed = false;           /* of a looker that was lost as it wrote */
    for (int lines = 0; lines == 0 || (listed < process->ntasks && lines < LINES); lines++) {
        int same = group_threads(process, &first, what);
        struct text out = {line, line + sizeof line};
        if (same > 1)
            put(&out, "%d threads: ", same);
        else if (lines)
            put(&out, *process->tasks[first].name ? "thread %ld (%s): " : "thread %ld: ",
                (long)process->tasks[first].tid, process->tasks[first].name);
        put(&out, "%s", what);
        listed += same;
        if (lines == 0)
            put(&text, process->start ? "%7ld %c %6ld.%ld s  " : "%7ld %c          -  ", (long)process->pid,
                process->state, tenths / 10, tenths % 10);
        put(&text, lines ? "%22s%s" : "%s%s", "", line);
        end_line(&text);
        if (lines == 0) {
            put(&text, "\n%*s%s", 2 * (depth < 16 ? depth : 16), "", COMMAND(process));
            end_line(&text);
        }
    }
    if (process->threads > listed && process->ntasks) {
        put(&text, "%22s%d threads more", "", process->threads - listed);
        end_line(&text);
    }
    return publish(&text, look->table, &look->table_length);
}

/*
 * `a (pid 12) and b (pid 13) wait for each other`, and on lines of their own `a in wait4 for 13`, `b in
 * write(1 pipe:[5]) for 12`. The tab before the first says that it is never cut.
 */
static void show_circle(int circle)
{
    struct text text = {look->table + look->table_length, look->table + TABLE_SIZE};
    struct text json = {look->circles + look->circles_length, look->circles + CIRCLES_SIZE};
    int members = 0, n = 0;
    put(&text, "\t");
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
    put(&text, members == 1 ? " waits for itself:" : " wait for each other:");
    for (struct process *process = look->processes; process < look->processes + look->nprocesses; process++) {
        const struct task *task = process->tasks;
        if (process->circle != circle)
            continue;
        while (task < process->tasks + process->ntasks - 1 && task->ender != OTHERS)
            task++;
        end_line(&text);
        put(&text, "    %s (pid %ld) in ", process->name, (long)process->pid);
        describe(&text, task);
    }
    end_line(&text);
    if (members == 0 || text.at >= text.end - 1)
        return;
    look->table_length = (int)(text.at - look->table);
    if (opt.report && !look->recorded)
        publish(&json, look->circles, &look->circles_length);
}

/* Has it ended by itself meanwhile, and is ours to reap? It does not run any more. */
static bool has_just_ended(const struct process *process)
{
    return process->state == 'Z' && !lives(process) && process->above == look->processes;
}

/* Table and JSON, as a tree, those above before those below; what there is no time or room for is counted. */
static SELDOM void write_picture(void)
{
    struct process *process = look->processes[0].first;
    bool json = opt.report && !look->recorded, room = true;
    for (int depth = 0, n = 0; process && room && (n < 64 || now() < look->until); n++) {
        if (!process->looked)
            look_briefly(process);
        if (process->state && !has_just_ended(process))
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
        look->more += (process->state || !process->looked) && !process->shown && !has_just_ended(process);
        if (process->shown && process->threads > process->ntasks)
            look->more += process->threads - process->ntasks;
    }
    for (int circle = 1; circle <= look->ncircles; circle++)
        show_circle(circle);
}

/* ---- what was left behind */

/* fstat(2) of a process's descriptor. */
static int stat_descriptor(pid_t pid, int fd, struct stat *status)
{
    char path[64];
    print(path, sizeof path, "/proc/%ld/fd/%d", (long)pid, fd);
    return stat(path, status);
}

/* Does a process of the command's session read from a pipe or a socket that is not our own standard input? */
static bool is_reader(pid_t pid)
{
    char name[NAME_SIZE], own[32];
    pid_t session = getsid(pid);
    if ((session != getsid(0) && session != run->command) || !read_link(pid, "fd", STDIN_FILENO, name))
        return false;
    struct stat status;
    bool is_pipe = strncmp(name, "pipe:[", 6) == 0;
    /* a FIFO has a name, but may have lost it already; a file system that hangs holds the looker alone */
    if (name[0] == '/')
        return stat_descriptor(pid, STDIN_FILENO, &status) == 0 && S_ISFIFO(status.st_mode) &&
               (status.st_ino != run->stdin_ino || status.st_dev != run->stdin_dev);
    print(own, sizeof own, is_pipe ? "pipe:[%llu]" : "socket:[%llu]", (unsigned long long)run->stdin_ino);
    return (is_pipe || strncmp(name, "socket:[", 8) == 0) && strcmp(name, own) != 0;
}

/*
 * Has a process of the command's group had the TERM that went there? Whoever is older; the kernel counts in
 * ticks of 10 ms, and one that was born in the same tick is asked again.
 */
static bool has_had_term(pid_t pid)
{
    struct stat_line stat;
    return run->termed != 0 && is_member(pid) && read_stat(pid, "stat", &stat) &&
           (stat.start + 1) * tick() <= run->termed;
}

static void record_left(struct process *process)
{
    struct text text = {look->left + look->left_length, look->left + LEFT_SIZE};
    if (process->state == 0 || process->state == 'Z' || look->named)
        return;
    put(&text, "%s{\"pid\":%ld", look->left_length ? "," : "", (long)process->pid);
    put_json_or_null(&text, "command", COMMAND(process));
    put(&text, "}");
    process->shown = publish(&text, look->left, &look->left_length);
}

/*
 * A step, before and after it is looked who reads, which takes its time: who has had its TERM is not asked
 * again. Who is stopped is, to be continued: the second TERM merges with the one that waits.
 */
static void note_told(int index)
{
    struct process *process = &look->processes[index];
    bool may_act = index > 0 && process->state != 0 && !strchr("ZT", process->state);
    if (!may_act || process->told || !has_had_term(process->pid))
        return;
    process->told = true;
    look->told[look->ntold++] = process->pid;
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
    note_told(index);
    read_command_line(process->pid, process->name, line, sizeof line);
    if (*line == '[' && read_field(process->pid, "status", "VmSize:", 10) == 0)
        return;                                     /* it has let its memory go: it ends */
    process->command = keep(line);
    record_left(process);
}

/*
 * Has a process not had its say yet: is it young, and running, or about to be? Its standard input may still
 * be its parent's.
 */
static bool is_starting(const struct process *process)
{
    struct stat_line stat;
    return read_stat(process->pid, "stat", &stat) && (stat.state == 'R' || stat.state == 'D') &&
           age_of(&stat) < SECOND;
}

/*
 * Who reads a pipe. A process that was forked just before the end (`> >(tee)`) is looked at until it has
 * come to rest.
 */
static void find_readers(void)
{
    int64_t end = now() + (look->until - now()) / 2;
    for (bool again = true; again && now() < end;) {
        again = false;
        for (int i = 1; i < look->nprocesses; i++) {
            struct process *process = &look->processes[i];
            if (process->looked_at_stdin || process->state == 0 || strchr("ZT", process->state))
                continue;                           /* who is stopped will not meet its end-of-file */
            bool reads = look->nreaders < READERS && is_reader(process->pid);
            bool starting = !reads && is_starting(process);
            if (reads)
                look->readers[look->nreaders++] = process->pid;
            process->looked_at_stdin = !starting;
            look->steps++;
            again |= starting;
        }
        if (again)
            poll(NULL, 0, 5);
    }
}

/* ---- the looker */

/*
 * A step for each of *COUNT records, which it may make more; for one of them even where there is no time.
 * True: for all.
 */
static bool each_record(void (*step)(int), const atomic_int *count, int share)
{
    int i = 0;
    allot(share);
    for (; i < *count && (i == 0 || now() < look->until); i++, look->steps++)
        step(i);
    look->unread |= i < *count;
    if (step == find_children)
        look->missed += *count - i;                     /* as many at least: they may have children */
    return i == *count;
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
        take_signal(&chld, &info, 5000000);
}

/* In a group of its own, without a descriptor, and gone when the supervisor is. */
static _Noreturn void be_looker(void)
{
    char call[32] = "";
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != look->supervisor)
        _exit(1);
    setpgid(0, 0);
    self.has_stderr = false;
    close_all(0, ~0u);
    setpriority(PRIO_PROCESS, 0, -10);                  /* where it may: on a busy machine time is short */
    self.pid = own_pid();
    set_bit(&large.own, self.pid);
    read_proc(self.pid, "syscall", call, sizeof call);
    look->foreign = number_at(call, 10) != SYS_read || *call == '\0';
    each_record(find_children, &look->nprocesses, 40);
    if (look->what == WHO_IS_LEFT) {
        each_record(look_left, &look->nprocesses, 100);
        if (spares_readers())
            find_readers();
        each_record(note_told, &look->nprocesses, 100);
    } else {
        each_record(look_at, &look->nprocesses, 60);
        await_calls(30);
        each_record(decode_asked, &look->ntasks, 30);
        each_record(name_sockets, &look->ntasks, 30);
        each_record(find_ends, &look->nprocesses, 40);
        find_circles();
        if (look->ncircles) {
            bool all = each_record(look_again, &look->ntasks, 30) && look_outside(50);
            await_calls(30);
            if (!each_record(confirm, &look->ntasks, 30) || !all || look->asked > look->served)
                look->ncircles = 0;                 /* what there was no time to prove is not said */
        }
        allot(100);
        write_picture();
    }
    look->finished = 1;
    _exit(0);
}

/* ---- the supervisor's side */

static void note_outside(pid_t fd, void *unused)
{
    char name[NAME_SIZE];
    (void)unused;
    if (look->noutside < OUTSIDE && read_link(self.pid, "fd", fd, name) && strncmp(name, "/dev/", 5) != 0)
        look->outside[look->noutside++] = hash_of(name);
}

/*
 * At the start under -v and -o, else when it is needed: room (untouched pages cost nothing), and which
 * files others may hold.
 */
static void map_look(void)
{
    int flags = MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE;
    look = mmap(NULL, sizeof *look, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (look == MAP_FAILED)
        look = NULL;
    else
        each_entry_of(self.pid, "fd", note_outside, NULL);
}

/*
 * Forks the looker, self.looker. Where no process is to be had it is 0, and finish_look() says at once what
 * the supervisor may see by itself. False: there is not even memory.
 */
static bool start_look(enum look_for what)
{
    if (!look)
        map_look();
    if (!look)
        return false;
    memset(look, 0, offsetof(struct look, recorded));
    memset(look->things, 0, sizeof look->things);
    look->what = what;
    look->supervisor = self.pid;
    look->started = now();
    look->nprocesses = 1;
    look->processes[0] = (struct process){.pid = self.pid};
    pid_t pid = plain_fork();
    if (pid == 0)
        be_looker();
    if (pid < 0) {
        tell("cannot fork to look closer: %s", strerror(errno));
        return true;
    }
    setpgid(pid, pid);
    set_bit(&large.own, pid);
    self.looker = self.last_looker = pid;
    return true;
}

/* Reads `syscall` of threads whose `stat` did not hold the looker, of 256 at most. */
static void serve_look(void)
{
    if (!look || !self.looker || look->asked <= look->served)
        return;
    for (int n = 0; n < 256 && look->served < look->asked; n++) {
        struct task *task = look->queue[look->served];
        if (task < look->tasks || task >= look->tasks + TASKS || task->process < look->processes ||
            task->process >= look->processes + PROCESSES)
            break;                                  /* a looker that has gone wrong can't lead us astray */
        read_task(task, "syscall", task->call, sizeof task->call);
        look->served++;
    }
    if (look->served < look->asked)
        self.more = true;
    else
        kill(self.looker, SIGCHLD);
}

/* Where the looker did not come to an end: what can be had without being held, of the first 256 at least. */
static void look_from_here(void)
{
    bool found_none = look->nprocesses == 1;
    if (found_none)
        each_child(add_process, look->processes);
    if (look->nprocesses == 1 && run->command && !run->ended)
        add_process(run->command, look->processes);
    for (int i = 1; found_none && i < look->nprocesses && i < 256; i++)
        find_children(i);
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

/* What was left behind: who was asked already, who reads a pipe, and under -v who it is. */
static void end_survey(void)
{
    for (int i = 0; i < look->ntold; i++)
        set_bit(&large.told, look->told[i]);
    clear_set(&large.readers);
    for (int i = 0; i < look->nreaders; i++)
        set_bit(&large.readers, look->readers[i]);
    for (int i = 1; i < look->nprocesses; i++)
        if (look->processes[i].shown)
            tell("left behind: %s (pid %ld)", COMMAND(&look->processes[i]), (long)look->processes[i].pid);
    look->named = true;
}

/* A line of the table. One that is cut says so: half a number looks like a number. */
static void tell_cut(const char *line, int columns)
{
    bool fits = strlen(line) <= (size_t)columns;
    tell("%.*s%s", fits ? columns : columns - 3, line, fits ? "" : "...");
}

/* A process and its command, on one line if both fit. */
static void tell_row(const char *row, const char *command, int columns)
{
    char whole[LINE];
    if (print(whole, sizeof whole, "%-50s %s", row, command) <= (size_t)columns && strlen(row) <= 50) {
        tell("%s", whole);
        return;
    }
    tell_cut(row, columns);
    print(whole, sizeof whole, "%10s%s", "", command);
    tell_cut(whole, columns);
}

/* Why it hung: the table, under -v. The report has what was seen first. */
static void print_picture(void)
{
    struct winsize size;
    bool narrow = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 32;
    int columns = narrow ? size.ws_col - (int)strlen("tiny-reaper: ") : LINE;
    if (!look->recorded)
        look->more_recorded = look->more;
    look->recorded = true;
    if (look->table_length == 0 && look->more == 0)
        return;
    tell("still running:");
    tell_cut("    pid state  elapsed  waits in, and for whom       command", columns);
    const char *line = look->table, *end = line + look->table_length, *next;
    for (; line < end; line = next) {
        next = line + strlen(line) + 1;
        if (next < end && *next == '\n') {
            tell_row(line, next + 1, columns);
            next += strlen(next) + 1;
        } else {
            tell_cut(line + (*line == '\t'), *line == '\t' ? LINE : columns);
        }
    }
    if (look->more)
        tell("no time or no room for %d of the processes and threads", look->more);
}

/*
 * The looker has ended. By a fault of its own: nothing that it has written in this look is believed. By KILL
 * it is lost, as at its deadline: what it has written counts as far as it came.
 */
static void looker_ended(int status)
{
    enum look_for what = look->what;
    self.looker = 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return;
    tell_all("the looker has failed, status 0x%x", (unsigned)status);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        return;
    memset(look, 0, offsetof(struct look, recorded));
    look->what = what == WHO_IS_LEFT ? WHO_IS_LEFT : WHY_HUNG;
    look->nprocesses = 1;
    look->nreaders = look->ntold = look->left_length = 0;
    look->processes[0] = (struct process){.pid = self.pid};
}

/* The looker has ended, or was ended. */
static void end_look(void)
{
    if (!look)
        return;
    if (!look->finished || look->nprocesses == 1)
        look_from_here();
    if (look->what == WHO_IS_LEFT)
        end_survey();
    else
        print_picture();
}

/* The report's fields, each after a comma. */
static void put_look(struct text *text)
{
    if (!look)
        return;
    if (look->recorded)
        put(text, ",\"running\":[%.*s],\"more\":%d", look->json_length, look->json, look->more_recorded);
    if (look->circles_length)
        put(text, ",\"cycles\":[%.*s]", look->circles_length, look->circles);
    put(text, ",\"left\":[%.*s]", look->left_length, look->left);
}

/* ---------------------------------------------------------------- ending */

/* Is the command not reaped yet? Its number is ours as long as it is a child of ours; an heir has to ask. */
static bool command_lives(void)
{
    if (run->ended || !run->command)
        return false;
    return self.child == run->command ? !self.child_gone : is_living_child(run->command);
}

/*
 * May the command's group be signalled? Its number is not recycled while its leader, or a child of ours in
 * it, is there.
 */
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
 * Takes the supervisor out of the command's group, which is about to get KILL or STOP: into the job, or,
 * where that is gone, into the group of a child that is forked for it. Its own number stays the group's.
 * False: that can't be done.
 */
static bool step_out(void)
{
    pid_t own = getpgrp();
    if (self.pid != group() || (own > 0 && own != self.pid) || (run->job > 1 && setpgid(0, run->job) == 0))
        return true;
    pid_t pid = plain_fork();
    if (pid == 0) {
        setpgid(0, 0);
        _exit(0);                                   /* its zombie holds the group until we are in it */
    }
    if (pid < 0)
        return false;
    set_bit(&large.own, pid);
    setpgid(pid, pid);
    bool out = setpgid(0, pid) == 0;
    kill(pid, SIGKILL);                             /* a STOP that somebody has sent to the group holds it */
    return out;
}

/* Signals the command's group, and where the command has moved to another that one, if it leads it. */
static void signal_group(int sig)
{
    bool moved = command_lives() && getpgid(run->command) != group();
    pid_t own = moved ? own_group() : 0;            /* asked once: 0 would be our own */
    if (group_is_ours() && ((sig != SIGKILL && sig != SIGSTOP) || step_out()))
        send_signal(-group(), sig);
    if (sig == SIGSTOP && self.pid == group())
        setpgid(0, 0);                              /* back, to hear what the terminal sends */
    if (moved)
        send_signal(own > 0 ? -own : run->command, sig);
    if (sig == SIGTERM)
        run->termed = read_clock(CLOCK_BOOTTIME);
}

/* Notes that the children of PID are to be looked for, once for each of TERM and KILL. */
static void search_later(pid_t pid)
{
    struct pid_set *searched = &large.searched[self.sweep_signal == SIGKILL];
    if (bit(searched, pid) || self.queue_tail - self.queue_head == SEARCH_PLACES)
        return;
    set_bit(searched, pid);
    large.search_queue[self.queue_tail++ % SEARCH_PLACES] = pid;
}

/*
 * Who was told, and is no child of ours, is reaped by others: its number may mean somebody who was not
 * told. poll(2), pidfd
 */
static void forget_ended(void)
{
    for (int i = 0; i < self.nheld;) {
        struct pollfd ended = {.fd = self.held[i].pidfd, .events = POLLIN};
        if (poll(&ended, 1, 0) != 1) {
            i++;
            continue;
        }
        clear_bit(&large.told, self.held[i].pid);
        close(self.held[i].pidfd);
        self.held[i] = self.held[--self.nheld];
    }
}

/*
 * One process that is to end: told once that it is asked to; KILL it is told in each round. Where there is a
 * PIDFD by that: ESRCH from it says that the number may be another's by now. pidfd_send_signal(2)
 */
static void end_process(pid_t pid, int pidfd)
{
    bool spared = self.sparing && bit(&large.readers, pid) && !bit(&large.told, pid);
    const int signals[] = {self.sweep_signal, self.sweep_signal == SIGTERM ? SIGCONT : 0};
    if (self.sweep_signal && !spared && !(self.sweep_signal == SIGTERM && bit(&large.told, pid))) {
        if (self.sweep_signal == SIGTERM)
            set_bit(&large.told, pid), self.asked++;
        for (int i = 0; i < 2 && signals[i]; i++)
            if (pidfd < 0 ||
                (syscall(SYS_pidfd_send_signal, pidfd, signals[i], NULL, 0) != 0 && errno != ESRCH))
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
    bool told = bit(&large.told, pid);
    /* asked, and left at that: costs little */
    if (!(told && self.sweep_signal == SIGTERM) && !is_living_child(pid))
        return;
    self.left++;
    self.reading += self.sparing && !told && bit(&large.readers, pid);
    end_process(pid, -1);
}

/*
 * A child of process *PARENT, which is below us: a descriptor holds it while it is asked whose child it is.
 * pidfd_open(2)
 */
static void sweep_below(pid_t pid, void *parent)
{
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    pid_t above = *(pid_t *)parent;
    bool told = bit(&large.told, pid), is_reader_s = bit(&large.readers, above) && !bit(&large.told, above);
    /* `> >(filter; sleep 1)`: forked since, with the same input */
    if (self.sparing && is_reader_s && !was_there(pid))
        set_bit(&large.readers, pid);
    if (parent_of(pid) == above)
        end_process(pid, pidfd);
    if (pidfd >= 0 && !told && bit(&large.told, pid) &&
        self.nheld < (int)(sizeof self.held / sizeof self.held[0]))
        self.held[self.nheld++] = (struct held){pid, pidfd};
    else if (pidfd >= 0)
        close(pidfd);
}

/*
 * From the children downwards: who was told is told before its children are listed, so that none of them is
 * born unseen. Those of whom KILL is enough come to us when it has worked, and need no search; below one in
 * state D there may be more.
 */
static void search_some(void)
{
    for (int n = 0; n < SEARCH_MOST && self.queue_head != self.queue_tail; n++) {
        pid_t pid = large.search_queue[self.queue_head++ % SEARCH_PLACES],
              parent = parent_of(pid);
        if (parent > 0 && (parent == self.pid || bit(&large.searched[self.sweep_signal == SIGKILL], parent)))
            each_child_of(pid, sweep_below, &pid);
    }
    self.more |= self.queue_head != self.queue_tail;
}

/* May everybody be signalled, since this PID namespace is ours alone? */
static bool is_init(void)
{
    return self.pid == 1 && !self.spares;
}

/*
 * One round over all children: SIG is KILL, TERM, or 0 to count them. Children of children come to us when
 * their parents end, so a round follows each look that reaped something, until none is left.
 */
static void sweep(int sig)
{
    if (sig != self.sweep_signal)
        self.queue_head = self.queue_tail;
    self.sweep_signal = sig;
    self.left = self.reading = 0;
    forget_ended();
    if (sig == SIGKILL && !self.sparing) {
        if (is_init())
            send_signal(-1, sig);                   /* atomic, and all there is: no fork can get away */
        /* atomic too: who leaves the group comes to us as an orphan */
        signal_group(sig);
    }
    self.blind = !each_child(sweep_child, NULL);
    self.due = false;
    search_some();
}

/* Names a child that outlived KILL, and who is below it, so many levels deep: *DEPTH is 0 for the child. */
static void name_survivor(pid_t pid, void *argument)
{
    int *depth = argument;
    struct status status = {.state = '?'};
    char name[64];
    read_status(pid, &status);
    if (is_spared(pid) || !(*depth > 0 ? status.state != 'Z' : is_living_child(pid)))
        return;
    warn("cannot end %s (pid %ld, state %c%s): left behind", name_of(pid, name), (long)pid, status.state,
         kill(pid, 0) != 0 && errno == EPERM ? ", another user's" : "");
    if (++*depth < 32)
        each_child_of(pid, name_survivor, depth);
    --*depth;
}

/* What is left in spite of KILL. Without /proc all that is known of a child is that it is there. */
static void name_survivors(void)
{
    pid_t dead;
    if (!each_child(name_survivor, &(int){0}) && !self.spares && have_child(P_ALL, 0, &dead) && !dead)
        warn("no /proc: what %s left outside its group cannot be found: left behind", run->title);
}

static const char *plural(long n, const char *many) { return n == 1 ? "" : many; }

/*
 * Says once per signal that it may not be passed on. For the group kill() says yes as soon as we ourselves
 * may be signalled.
 */
static void check_permission(int sig)
{
    bool always_may = sig == SIGCONT && getsid(run->command) == getsid(0);
    if (!command_lives() || always_may || kill(run->command, 0) == 0 || errno != EPERM ||
        self.refusals >> (sig - 1) & 1)
        return;
    self.refusals |= UINT64_C(1) << (sig - 1);
    warn("%s cannot be passed on to %s (pid %ld): %s", NAME(sig), run->title, (long)run->command,
         strerror(errno));
}

/* The signal of -s whose turn it is, to the group: continued, so that it gets through. */
static void begin_ending(void)
{
    int sig = opt.signals[self.step];
    if (opt.say_signals)
        warn("sending signal %s to command '%s'", sig ? NAME(sig) : "EXIT", run->title);
    if (sig == 0)
        return;
    tell("sending %s to group %ld", NAME(sig), (long)group());
    check_permission(sig);
    signal_group(sig);
    signal_group(SIGCONT);
}

/* What is left gets TERM; in the first round (STEP 0) without those who read a pipe. */
static void begin_clearing(void)
{
    self.sparing = self.step == 0 && spares_readers();
    self.asked = 0;
    sweep(SIGTERM);
    if (self.blind)
        tell(is_init() ? "no /proc of this PID namespace: sending TERM to all that the command left behind"
                       : "no /proc: of what the command left behind only its group can be ended");
    else if (self.asked > 0)
        tell("%s left %ld process%s behind that had no TERM yet: sending TERM", run->title, self.asked,
             plural(self.asked, "es"));
    for (int i = 0; i < 2 && self.blind && self.step == 0; i++)
        if (is_init())
            send_signal(-1, i == 0 ? SIGTERM : SIGCONT);
        else
            signal_group(i == 0 ? SIGTERM : SIGCONT);
}

/* KILL to everything; step 1: also to what is below those whom it has not ended yet. */
static void begin_killing(void)
{
    run->killed_command |= !run->ended;
    if (self.step == 0) {
        /* counted before: what is killed may be gone before it is counted */
        sweep(0);
        self.sparing &= self.reading > 0;
        run->escalated |= !run->ended || self.left > self.reading;
        if (opt.say_signals && !run->ended)
            warn("sending signal KILL to command '%s'", run->title);
        if (self.blind)
            tell(is_init() ? "no /proc of this PID namespace: sending KILL to all that is left"
                           : "no /proc: only the command and its group can be ended");
        else
            tell("sending KILL to what is left: %ld process%s", self.left - self.reading,
                 self.left - self.reading == 1 ? ", and what is below it" : "es, and what is below them");
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

/*
 * Moves to PHASE, does what belongs to its beginning, and sets its deadline: the only function that does
 * any of it. What comes behind ASKED waits for the end of a look that is under way.
 */
static void enter(enum phase phase, size_t step)
{
    bool gone = phase == ENDING && run->ended;
    if (self.look_deadline && phase > ASKED)
        self.then = phase, self.then_step = step, phase = LOOKING;
    else if (phase == ENDING && !gone && (step == opt.nsignals || opt.signals[step] == SIGKILL))
        /* with -k 0 the last one has no deadline, and it never comes to this */
        phase = KILLING, step = 0;
    self.phase = phase;
    self.step = step;
    int64_t time = 0;
    switch (phase) {
    case RUNNING: arm(opt.limit ? add(run->started, opt.limit) : 0); return;
    case ASKED: time = opt.grace; break;
    case ENDING:
        if (!gone)
            begin_ending();
        time = gone ? 1 : opt.grace;                /* gone: what it has left behind is looked at, at once */
        break;
    case LOOKING: break;
    case CLEARING: begin_clearing(), time = opt.clear_grace; break;
    case READING: time = opt.clear_grace ? opt.clear_grace : DEFAULT_GRACE; break;
    case KILLING: begin_killing(), time = step == 0 ? DEEP_AFTER : patience(); break;
    case OVER:
        if (step == 0)                              /* 1: what is left stays */
            name_survivors();
        break;
    }
    arm(time ? add(now(), time) : 0);
}

/* A look begins, if it can be had. It is beside the phase: see enter(). */
static void begin_look(enum look_for what)
{
    if (!start_look(what))
        return;
    self.looker_steps = 0;
    self.look_deadline = now() + (what == WHY_HUNG ? LOOK_TIME : SURVEY_TIME);
    arm(self.deadline);
}

/* No look is under way any more. A looker that is at work is lost; it is reaped like any other child. */
static void drop_look(void)
{
    if (self.looker)
        kill(self.looker, SIGKILL);
    self.looker = 0;
    self.look_deadline = 0;
}

/* The looker has ended, or its time has. What has waited for it begins. */
static void finish_look(void)
{
    drop_look();
    end_look();
    if (self.phase == LOOKING)
        enter(self.then, self.then_step);
    else
        arm(self.deadline);
}

/* Why it hangs is looked at first, where somebody wants to know; then PHASE. */
static void look_then(enum phase phase)
{
    if (self.look_deadline)
        finish_look();
    if (opt.verbose || opt.report)
        begin_look(WHY_HUNG);
    enter(phase, 0);
}

/*
 * Is it only the busy machine that makes the looker late, which looks who is left? An archive is cut where
 * it does not get to say who reads.
 */
static bool comes_on(void)
{
    bool does = self.looker && look->what == WHO_IS_LEFT && look->steps != self.looker_steps &&
                now() < look->started + SURVEY_MOST;
    self.looker_steps = look->steps;
    return does;
}

/* The look that is under way: served, given more time, or over. */
static void attend_look(void)
{
    if (self.looker && now() < self.look_deadline) {
        serve_look();
    } else if (self.look_deadline && comes_on()) {
        self.look_deadline = now() + SURVEY_TIME;
        arm(self.deadline);
    } else if (self.look_deadline) {
        finish_look();
    }
}

/*
 * The limit is reached, or the parent is gone: the signals of -s in turn, or what -w was waiting for is
 * cleared.
 */
static void begin_end(enum outcome outcome)
{
    run->outcome = outcome;
    run->told_end = true;
    if (outcome == LIMIT) {
        run->timed_out = true;
        tell("limit of %s reached", run->limit);
        look_then(ENDING);
    } else {
        tell("the process that started %s has ended", opt.name);
        enter(ENDING, 0);
    }
}

/* The present phase has had its time. */
static void next_phase(void)
{
    switch (self.phase) {
    case RUNNING: begin_end(LIMIT); break;
    case ASKED: case CLEARING: look_then(KILLING); break;
    case ENDING: enter(ENDING, self.step + 1); break;
    case READING:
        self.sparing = false;
        clear_set(&large.searched[0]);              /* below those who were spared: now they are asked, too */
        enter(CLEARING, 1);
        break;
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
    case LOOKING: case OVER: break;
    }
}

/*
 * A round, where somebody has ended since the last one; and the readers' time begins when nobody else is
 * left.
 */
static void sweep_if_due(void)
{
    static const int SIGNAL_OF[] =
        {[CLEARING] = SIGTERM, [READING] = SIGTERM, [KILLING] = SIGKILL, [OVER] = 0};
    if (self.due && self.phase != OVER && (self.phase >= CLEARING || (self.spares && self.child_gone)))
        sweep(self.phase < CLEARING ? 0 : SIGNAL_OF[self.phase]);
    else if (self.queue_head != self.queue_tail)
        search_some();
    if ((self.phase == CLEARING || self.phase == KILLING) && self.sparing && self.left > 0 &&
        self.left == self.reading)
        enter(READING, 0);
    pid_t dead;
    /* where there is a /proc it failed but for a moment, by ENFILE: the next round finds them */
    if (self.blind && !is_init() && self.phase >= CLEARING && self.phase != OVER && !command_lives() &&
        !have_child(P_PGID, group(), &dead) && !have_proc())
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

/*
 * Is the job orphaned: could nobody continue us if we were stopped? Its first ancestor outside it is of
 * another session, or not to be seen (POSIX, 3.264). As PID 1 nobody could.
 */
static bool is_orphaned_job(void)
{
    pid_t pid = run->outer;
    for (int depth = 0; depth < DEPTH_MOST && pid > 1; depth++) {
        pid_t parent = parent_of(pid);
        if (parent <= 0 || getpgid(parent) != run->job)
            return parent <= 0 || getsid(parent) != getsid(run->outer);
        pid = parent;
    }
    return true;
}

/* A stop SIG goes to the command's group: where nobody could continue it, settle_stops() is to look. */
static void settle_later(int sig)
{
    if (!is_stop(sig) || !is_orphaned_job())
        return;
    self.settle = now() + SETTLE_TIME;
    self.settle_wait = SETTLE_TIME;
}

struct stopped {
    int depth;
    bool waits;                     /* somebody has not taken the stop yet */
};

/* Continues a member of the command's group that is stopped, and looks below it. */
static void continue_stopped(pid_t pid, void *argument)
{
    struct stopped *stopped = argument;
    struct status status;
    if (!is_spared(pid) && is_member(pid) && read_status(pid, &status)) {
        if (status.state == 'T')
            send_signal(pid, SIGCONT);
        stopped->waits |= waits_at(pid, SIGTSTP) || waits_at(pid, SIGTTIN) || waits_at(pid, SIGTTOU);
    }
    if (++stopped->depth < 32)
        each_child_of(pid, continue_stopped, stopped);
    stopped->depth--;
}

/*
 * Where nobody could continue them, a forwarded stop leaves nobody stopped: who handles it has it, and who
 * does not is continued when it has stopped. The kernel tells only of the command, so the others are looked
 * at a little later.
 */
static void settle_stops(void)
{
    struct stopped stopped = {0};
    if (self.settle == 0 || now() < self.settle)
        return;
    if (!each_child(continue_stopped, &stopped))
        signal_group(SIGCONT);                      /* no /proc: nobody can be told from another */
    self.settle_wait *= 2;                          /* it may be blocked for ever, and who is idle sleeps */
    self.settle = stopped.waits ? now() + self.settle_wait : 0;
}

/*
 * Passes a signal on, rewritten: to the command's group, to the command alone, or to what the command left
 * behind. One that asks for the end, with -k given, starts the clock: KILL follows.
 */
static void forward(int sig)
{
    static const char ends[] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP, 0};
    static const char harmless[] = {SIGCONT, SIGCHLD, SIGURG, SIGWINCH, SIGTSTP, SIGTTIN, SIGTTOU, 0};
    int to = opt.rewrite[sig];
    if (to == 0 || self.phase >= KILLING)
        return;
    note_forwarded(to);
    if (opt.alarm_is_limit && sig == SIGALRM) {
        if (self.phase == RUNNING)
            begin_end(LIMIT);
        return;
    }
    check_permission(to);
    /* the stop, of the terminal for one, was for all of them */
    if (opt.single_child && command_lives() && !(to == SIGCONT && run->stop))
        send_signal(run->command, to);
    else
        signal_group(to);
    settle_later(to);
    if (run->ended)
        each_child(forward_to_leftover, &to);
    bool asks = strchr(ends, to) && to != SIGHUP;   /* by HUP many a server reads its configuration */
    run->told_end |= asks;
    bool starts_clock = opt.any_first ? !strchr(harmless, to) : asks;
    if (self.phase == RUNNING && opt.grace_given && opt.grace && starts_clock)
        enter(ASKED, 0);
}

enum { RELAYED = 0x74726c79 };      /* the value of a signal that one supervisor passes up to another */

/*
 * To the rest of the job, as it would have come there without us. Upward only: outer drops what comes from
 * inner. Where the job is the group of another supervisor, that one has it with a mark first, by which it
 * knows it when we are gone: the second one merges with it, or is not passed up once more.
 */
static void relay(int sig)
{
    if (run->job <= 1 || !guarded() || getppid() != run->outer)
        return;
    if (is_supervisor(run->job))
        sigqueue(run->job, sig, (union sigval){.sival_int = RELAYED});
    kill(-run->job, sig);
}

/*
 * Has the STOP that we were continued from been for the command, too, or for us alone? What waits is looked
 * at first: it becomes the state. Without /proc it was.
 */
static bool command_is_stopped(void)
{
    struct status status;
    return command_lives() && (waits_at(run->command, SIGSTOP) ||
                               !read_status(run->command, &status) || status.state == 'T');
}

/*
 * What the supervisor hears as a member of the command's group. What the terminal sends, or the supervisor
 * of a tiny-reaper below passes up, goes to the job; a TSTP whoever sent it, for an editor stops its group
 * itself, but not when somebody has continued the job since. Not where outer is gone: then it is the kernel
 * that hangs up an orphaned group. A CONT from outer says that the whole group was stopped, and we with it.
 * Anything else is a wake-up, or a member that signals its group.
 */
static void hear(int sig, const siginfo_t *info)
{
    if (getpgrp() != self.pid)                      /* step_out(): what comes here, the job has had as well */
        return;
    bool kernel = info->si_code > 0, from_outer = !kernel && info->si_pid == run->outer;
    bool marked = info->si_code == SI_QUEUE && info->si_value.sival_int == RELAYED;
    bool second = !kernel && !marked && !from_outer && is_supervisor(info->si_pid);
    bool typed = sig == SIGINT || sig == SIGQUIT || sig == SIGHUP || sig == SIGWINCH;
    /* where outer leads the job the command would lead it without us, and have this in any case */
    bool passes = kernel && (typed || sig == SIGTSTP) && run->job == run->outer && getppid() == run->outer;
    pid_t own = passes ? own_group() : 0;
    if (own > 0)
        kill(-own, sig);
    if (sig == SIGCONT && from_outer)
        self.group_stopped = command_is_stopped();
    else if (typed && (kernel || marked))
        relay(sig);
    else if (sig == SIGTSTP && !from_outer && !second && !waits_at(run->outer, SIGCONT) &&
             !ring_holds(SIGCONT))
        relay(sig), settle_later(sig);
}

/* ---------------------------------------------------------------- reaping */

static void seconds_since(int64_t start, char buffer[static 32])
{
    int64_t tenths = (now() - start) / (SECOND / 10);
    print(buffer, 32, "%lld.%lld s", (long long)(tenths / 10), (long long)(tenths % 10));
}

/*
 * The command was stopped by STOP: outer is, too, or the job, where the whole group was. We send it, who
 * send the CONT to come as well, so that the two can't overtake each other; not as long as a CONT waits at
 * outer, which it would throw away. Once for each serial: of two stops in one look we have seen but the
 * second, and outer may have been continued in between.
 */
static void pass_stop(unsigned serial)
{
    if (self.pid == 1 || (guarded() && has(JOB_SIDE)) || waits_at(run->outer, SIGCONT) || ring_holds(SIGCONT))
        return;
    pid_t whom = self.group_stopped && run->job > 1 ? -run->job : run->outer;
    self.served = serial;
    self.group_stopped = false;
    if (whom < 0 || self.sent_stop == 0)            /* the job goes on with outer, whatever comes */
        self.sent_stop = whom;
    if (self.pid == run->outer || getppid() == run->outer)
        kill(whom, SIGSTOP);
    self.more = true;                               /* the ring, once more */
}

/*
 * The command was stopped by SIG: that is said in run->stop, and outer answers in run->stand. A TSTP that
 * waits here is passed up first: the job's other members stop before outer does.
 */
static void command_stopped(int sig)
{
    siginfo_t info;
    tell_all("%s (pid %ld) stopped by %s", run->title, (long)run->command, NAME(sig));
    int heard = sig == SIGTSTP ? SIGTSTP : SIGCONT;
    /* one may wait for the process, and one for its thread; what comes later has its turn in the loop */
    for (int i = 0; i < 2 && guarded() && take_pending(heard, &info); i++)
        if (info.si_code > 0 || info.si_pid != self.pid)
            hear(heard, &info);
    self.serial = (self.serial + 1) & 0xffffff;
    run->stop = self.serial << 8 | (unsigned)sig;
    if (sig != SIGSTOP)
        wake(run->outer);
}

/*
 * The command goes on, or has ended. Outer is continued where it stopped as the command did, whatever the
 * serial: of two stops in one look we have seen but the second. Whoever of the two writes last reads what
 * the other one has written.
 */
static void command_goes_on(void)
{
    run->stop = 0;
    self.group_stopped = false;
    if ((run->stand & 0xff) == HALTED)
        signal_outer(SIGCONT);
    if (self.sent_stop && self.pid != run->outer && getppid() == run->outer)
        kill(self.sent_stop, SIGCONT);
    self.sent_stop = 0;
}

static void tell_end(const char *what, pid_t pid, int status)
{
    char time[32];
    if (!opt.verbose)
        return;
    seconds_since(run->started, time);
    if (WIFSIGNALED(status))
        tell("%s (pid %ld) was killed by SIG%s%s after %s", what, (long)pid, NAME(WTERMSIG(status)),
             WTERMSIG(status) == SIGKILL && oom_killed() == 1 ? ": out of memory" : "", time);
    else
        tell_all("%s (pid %ld) exited with status %d after %s", what, (long)pid, WEXITSTATUS(status), time);
}

/* Has tiny-reaper ended the command: at the limit, by -d, or by KILL after a signal that was forwarded? */
static bool was_ended(void) { return run->outcome != NOT_STARTED || run->killed_command; }

/*
 * The command is reaped: by its supervisor, or by the heir. The terminal goes back at once, but for those
 * -w waits for.
 */
static void command_ended(int status)
{
    pid_t dead;
    run->wait_status = status;
    run->killed_command &= WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;      /* or it came too late */
    run->told_end |= WIFSIGNALED(status) && memchr(run->forwarded, WTERMSIG(status), run->forwarded_count);
    run->ended = true;
    command_goes_on();
    if (!run->failed_status)
        tell_end(run->title, run->command, status);
    self.childless = !have_child(P_ALL, 0, &dead) && errno == ECHILD;
    if (!opt.wait && !self.childless)               /* else conclude() does it, which is next */
        /* or we are the heir */
        return_terminal(was_ended() || self.child != run->command);
}

/*
 * A child was stopped, or goes on. With -w what the terminal does to the rest of the command's group, after
 * its end, counts as if it was done to the command; and what is being ended is not to be stopped.
 */
static void child_stands(pid_t pid, int status, bool is_command)
{
    int sig = WIFSTOPPED(status) ? WSTOPSIG(status) : 0;
    bool stands_for_it = run->ended && opt.wait && self.phase <= ASKED && getpgid(pid) == group();
    if (is_command && sig == 0)
        tell_all("%s (pid %ld) continued", run->title, (long)pid);
    if (is_command || (stands_for_it && (sig ? is_stop(sig) : run->stop != 0))) {
        if (sig)
            command_stopped(sig);
        else
            command_goes_on();
    } else if (sig == SIGTSTP && run->ended && self.phase >= LOOKING && !leaves()) {
        send_signal(pid, SIGCONT);
    }
}

static void orphan_ended(pid_t pid, int status)
{
    static struct pid_set *const known[] = {
        &large.told, &large.readers, &large.searched[0], &large.searched[1],
    };
    char how[32];
    bool asked = (self.blind && self.phase >= CLEARING) || bit(&large.told, pid);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        clear_bit(known[i], pid);
    run->reaped++;
    run->cleared += self.phase >= KILLING || (self.phase >= LOOKING && asked);
    run->escalated |= self.phase == KILLING && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    if (WIFSIGNALED(status))
        print(how, sizeof how, "killed by SIG%s", NAME(WTERMSIG(status)));
    else
        print(how, sizeof how, "status %d", WEXITSTATUS(status));
    if (opt.warn_reaped)
        warn("reaped orphan %ld (%s)", (long)pid, how);
    else
        tell_all("reaped orphan %ld (%s)", (long)pid, how);
}

/* Whom a report from wait4() is about, and what follows. */
static void child_reported(pid_t pid, int status, const struct rusage *usage)
{
    bool is_child = pid == self.child && !self.child_gone,
         ended = !WIFSTOPPED(status) && !WIFCONTINUED(status);
    bool supervisor = is_child && pid == run->inner;
    if (!ended && supervisor) {
        /* it never stops by itself: its group, or it alone, was stopped */
        if (WIFSTOPPED(status))
            kill(pid, SIGCONT);
        return;
    }
    if (!ended) {
        if (has(COMMAND_SIDE) && !is_spared(pid))
            child_stands(pid, status, is_child);
        return;
    }
    self.due = true;                                /* its children are ours now */
    self.last_end = self.phase == KILLING ? now() : 0;
    if (self.spares && bit(&large.spared, pid)) {
        clear_bit(&large.spared, pid);
        return;
    }
    if (bit(&large.own, pid)) {
        clear_bit(&large.own, pid);
        if (pid == self.looker)
            looker_ended(status);
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
        if (interrupted(pid))
            continue;
        self.childless = pid < 0;
        if (pid > 0)
            child_reported(pid, status, &usage);
        if (pid <= 0 || self.childless)
            return;
    }
    self.more = true;
}

static void spare_child(pid_t pid, void *argument)
{
    (void)argument;
    set_bit(&large.spared, pid);
}

/*
 * Children that we had before we started (a shell's jobs, before its exec) are none of our business, until
 * they are reaped. False: wait4() is refused, and nothing could be supervised. seccomp(2)
 */
static bool spare_children(void)
{
    int status;
    pid_t pid;
    do
        pid = wait4(-1, &status, WNOHANG | __WALL, NULL);
    while (pid > 0 || interrupted(pid));
    if (pid < 0 && errno != ECHILD)
        return cannot_start("wait4");
    self.spares = pid == 0;
    if (self.spares && !each_child(spare_child, NULL))
        tell("no /proc: children from before the start are not known");
    return true;
}

/* ---------------------------------------------------------------- stops and terminal */
/*
 * run->stop is the command's side's word, run->stand the job's side's answer to it; the serial pairs them.
 * The job's side writes `stand` and then reads `stop`, the command's side writes `stop` and then reads
 * `stand`: one of the two sees.
 *
 *   the command was stopped    and                                 what is done                    answer
 *   by TTIN, TTOU              the job has the terminal, or nobody it is the command's             GRANTED
 *   by TTIN, TTOU              it has left the group that has it   its own group gets it           GRANTED
 *   by TTIN, TTOU              a neighbour's command has it        the neighbour is asked          ASKING
 *   by any                     a CONT waits here                   it is taken next                none yet
 *   by any                     PID 1, or it is ignored on entry    the stop is undone              REFUSED
 *   by TTIN, TTOU              else, and there is a terminal       halt(), with all of the job     HALTED
 *   by TSTP, TTIN, TTOU        else                                halt()                          HALTED
 *   by STOP                                                        the supervisor's: pass_stop()   none
 *
 *   a CONT comes, not from inner                                   into the ring                   FOLLOWING
 *   a stop signal comes while the command is stopped               into the ring                   none yet
 *   the command goes on, and wants the terminal; the job has it    it is the command's: a level
 *   at a prompt it has left the group that has the terminal        its own group gets it: a level
 *   a member of the job asks for it by TTIN, TTOU                  back, and CONT to the job
 *   the same, and the job is in the background                     into the ring
 */

static void answer_stop(unsigned stop, enum stand stand)
{
    static const char *const NAMES[] = {"following", "terminal granted", "asking a neighbour", "halted",
                                        "refused"};
    run->stand = (stop & ~0xffu) | stand;
    tell_all("stop by %s: %s", NAME((int)(stop & 0xff)), NAMES[stand]);
    if (stand == GRANTED || stand == REFUSED)
        wake(run->inner);
}

/* Has it asked for the terminal? Where there is none, somebody has sent the signal. */
static bool asks_for_terminal(int sig) { return sig != SIGTSTP && !self.no_terminal; }

/*
 * Nobody could continue us. Who asked for the terminal would ask at once again: outer leaves the session
 * where it may (not as a leader), so that the command's group is orphaned as the job is, and its next read
 * gives EIO, as without us.
 */
static void refuse_stop(unsigned stop)
{
    if (asks_for_terminal((int)(stop & 0xff)) && guarded() && setsid() >= 0)
        run->job = 0;
    answer_stop(stop, REFUSED);
}

/*
 * Stops this process as the command was, and returns when it goes on, or at once where the kernel declines
 * (an orphaned group). The signal is made pending, and only then everything is looked at again: a
 * continuation that came before has changed run->stop, one that comes after takes the pending signal away.
 * Between the last look for a pending CONT and the raise, one call, such a CONT is lost: the kernel throws
 * it away as it adds the stop.
 */
static void halt(unsigned stop)
{
    int sig = (int)(stop & 0xff);
    siginfo_t info;
    run->stand = (stop & ~0xffu) | HALTED;
    /* to the thread: so it does not merge with one that somebody has sent */
    syscall(SYS_tgkill, self.pid, self.pid, sig);
    tell_all("stopping by %s, as %s did", NAME(sig), run->title);
    if (!guarded())
        reap();
    /*
     * A member of the job may have given the terminal back since the command asked: it has looked before we
     * asked.
     */
    if (run->stop != stop || (sig != SIGTSTP && (terminal_is() & (WITH_JOB | WITH_NOBODY)))) {
        take_pending(sig, &info);
        run->stand = 0;
        self.more = true;
        return;
    }
    /*
     * All of the job, as the kernel would if the command was of it: who is above, and waits for one of its
     * members, can know only so that the terminal is asked for. Not where a CONT has come since our raise,
     * and has undone it: this would throw it away, as it does with one that comes between the two calls.
     */
    if (asks_for_terminal(sig) && run->job > 1 && !is_orphaned_job() && !is_pending(SIGCONT))
        kill(-run->job, sig);
    set_signal(SIG_UNBLOCK, sig);
    set_signal(SIG_BLOCK, sig);
    if (is_pending(SIGCONT)) {
        /* it was stopped and continued: that CONT is passed on like any other */
        answer_stop(stop, FOLLOWING);
        /* by inner, since the limit has come: who stopped with us is to hear of it */
        if (run->timed_out && run->job > 1)
            kill(-run->job, SIGCONT);
    } else if (is_pending(SIGTSTP) || is_pending(SIGTTIN) || is_pending(SIGTTOU))
        /* another stop has thrown the CONT away: it is taken, and we stop again */
        run->stand = 0;
    else
        refuse_stop(stop);
}

/*
 * The command was stopped because it asked for the terminal. False: it is not to be had, so we stop as
 * well.
 */
static bool find_terminal(unsigned stop)
{
    pid_t holder, later, neighbour = 0;
    enum where where = find_holder(&holder);
    if (where == ELSEWHERE && (neighbour = neighbour_above(holder)) > 0) {
        tell_all("asking pid %ld for the terminal", (long)neighbour);
        kill(neighbour, (int)(stop & 0xff));
    }
    bool granted = (where == WITH_US && (holder == group() || holder == own_group())) ||
                   give_terminal(WITH_JOB | WITH_NOBODY | ABANDONED);
    if (!granted && neighbour <= 0 && (find_holder(&later) != where || later != holder)) {
        /*
         * Handed on while we looked for whose it is: look again. At the end of one tiny-reaper below another
         * it goes from group to group, and who had it is gone before we have seen whose neighbour that was.
         */
        self.more = true;
        return true;
    }
    self.wants |= granted || neighbour > 0;
    if (granted || neighbour > 0)
        answer_stop(stop, granted ? GRANTED : ASKING);
    return granted || neighbour > 0;
}

/*
 * The job's side: answers the command's stop, once for each serial; or sees to it that it has the terminal
 * that it wants.
 */
static void follow(void)
{
    unsigned stop = run->stop;
    int sig = (int)(stop & 0xff);
    /* in its first instants the command takes it: two who look, and then take, are two who may come late */
    if (nobody_is_there() || !run->settled)
        return;
    if (stop == 0 && (run->stand & 0xff) == HALTED)
        /* over: or inner would go on sending CONTs, which throw a stop away */
        run->stand = 0;
    if (stop == 0 && self.wants)
        give_terminal(WITH_JOB | (run->job == run->outer ? ABANDONED : 0));
    if (stop == 0 || sig == SIGSTOP || run->stand >> 8 == stop >> 8)
        return;
    /* a CONT on its way makes this stop an old one: inner will wake us */
    if (guarded() && run->seen != run->ring_head)
        return;
    if (sig != SIGTSTP && find_terminal(stop))
        return;
    bool refused = self.pid == 1 || is_ignored(sig);
    if (is_pending(SIGCONT))                        /* and nothing between this look and the raise */
        return;
    if (refused)
        refuse_stop(stop);
    else
        halt(stop);
}

/* The command's side: carries the answer to the present stop out, once. */
static void answer(void)
{
    unsigned stop = run->stop, stand = run->stand;
    int sig = (int)(stop & 0xff);
    if (sig == SIGSTOP && self.served != stop >> 8)
        pass_stop(stop >> 8);
    if (stop == 0 || stand >> 8 != stop >> 8 || self.served == stop >> 8)
        return;
    if ((stand & 0xff) == GRANTED) {
        self.hung_up = false;
    } else if ((stand & 0xff) == REFUSED && asks_for_terminal(sig) &&
               getsid(run->outer) == getsid(run->ended ? 0 : run->command)) {
        /* it can't be orphaned, and has had its HUP, the kernel's own word for it */
        if (self.hung_up) {
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

/* Is PID another tiny-reaper of our job, by whatever name we go? */
static bool is_neighbour(pid_t pid)
{
    char name[64];
    return pid > 0 && getpgid(pid) == run->job && is_called(pid, name_of(self.pid, name));
}

/*
 * A member of the job asks for the terminal, by the signal that the kernel sends to all of it, or a
 * neighbour to us. False: there is none that we know of, and the signal is one like any other.
 */
static bool member_asks(void)
{
    pid_t holder;
    enum where where = find_holder(&holder);
    if (where == NOWHERE || run->job <= 1)
        return false;
    if (where == ELSEWHERE && neighbour_above(holder) == 0)
        return false;                               /* in the background: all of the job is stopped by it */
    self.job_waits = where != WITH_JOB && !return_terminal(false);
    if (self.job_waits)
        return true;
    self.wants = false;
    tell_all("another member of the job asks for the terminal: handed back");
    kill(-run->job, SIGCONT);
    return true;
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
        put(text, "%c%c%c%c", alphabet[bits >> 18], alphabet[bits >> 12 & 63],
            n > 1 ? alphabet[bits >> 6 & 63] : '=', n > 2 ? alphabet[bits & 63] : '=');
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

enum { RECORD_SIZE = 16 * 1024 + JSON_SIZE + CIRCLES_SIZE + LEFT_SIZE };

/*
 * Makes *run, with room for the report's texts behind it if there is to be one, and the command's text in
 * it. No heap.
 */
static void map_run(void)
{
    size_t command = 64, size = sizeof *run;
    if (opt.report) {
        for (char **argument = opt.command; *argument; argument++)
            command += 8 * strlen(*argument) + 16;  /* \u00XX for a byte, and base64 */
        size += 2 * command + RECORD_SIZE;
    }
    bool fits = size <= sizeof large.run / 2;
    /* one page without a report, which is written at once: a fault costs more */
    int flags = MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE | (fits ? MAP_FIXED : 0) |
                (opt.report ? 0 : MAP_POPULATE);
    uintptr_t within = getauxval(AT_PAGESZ) - 1;        /* beside what is written anyway */
    void *place = fits ? (void *)(((uintptr_t)large.run + within) & ~within) : NULL;
    run = mmap(place, size, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (run == MAP_FAILED) {
        run = NULL;
        die(FAILED, "cannot map memory: %s", strerror(errno));
    }
    run->size = size;
    print(run->title, sizeof run->title, AS_IT_IS, opt.command[0]);
    if (opt.limit)
        print(run->limit, sizeof run->limit, "%.29s%s", opt.limit_text, limit_unit());
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
    int fd = open_file(opt.report, O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY | O_NONBLOCK);
    self.report_fd = fd < 0 || fd > STDERR_FILENO ? fd : fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (self.report_fd < 0)
        die(FAILED, "%scannot open report file '%s': %s", opt.report_where, opt.report, strerror(errno));
    if (fd != self.report_fd)
        close(fd);                                  /* 0, 1 or 2 was closed, and stays so for the command */
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
    static const char *const OUTCOMES[] = {"not-started", "exited",      "signaled",
                                           "timed-out",   "parent-died", "killed"};
    bool started = run->outcome != NOT_STARTED;
    int death = started && run->ended && WIFSIGNALED(run->wait_status) ? WTERMSIG(run->wait_status) : 0;
    struct tm tm = {0};
    gmtime_r(&(time_t){(time_t)(run->date / SECOND)}, &tm);
    put(text, "{\"version\":\"" VERSION "\",");
    memcpy(text->at, run->text, run->command_length);
    text->at += run->command_length;
    put(text, started && run->command ? ",\"pid\":%d," : ",\"pid\":null,", (int)run->command);
    put(text, "\"started\":\"%04d-%02d-%02dT%02d:%02d:%02d.%03dZ\",", tm.tm_year + 1900, tm.tm_mon + 1,
        tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(run->date % SECOND / 1000000));
    put_seconds(text, "wall_s", started ? (now() - run->started) / 1000 : 0);
    put_seconds(text, "user_s", started ? run->user_us : 0);
    put_seconds(text, "sys_s", started ? run->system_us : 0);
    put(text, "\"max_rss_kb\":%ld,", started ? run->max_rss : 0);
    put(text, "\"outcome\":\"%s\",\"status\":%d,", OUTCOMES[run->outcome],
        run->exit_signal ? 128 + run->exit_signal : run->exit_status);
    put(text, death ? "\"signal\":\"%s\"," : "\"signal\":null,", NAME(death));
    put(text, "\"core_dumped\":%s,\"escalated\":%s,", truth(death && WCOREDUMP(run->wait_status)),
        truth(run->escalated));
    put_signals(text);
    put(text, "\"oom_killed\":%s,", truth(oom_killed()));
    put(text, "\"reaped\":%lu,\"ended\":%lu", run->reaped, run->cleared);
    put_look(text);
    put(text, "}\n");
}

/*
 * Writes the report in one write. A survivor knows from the file position, which both processes share,
 * whether it was written; where there is none (a FIFO) it was when it was begun. A FIFO that is full is
 * given a grace to be read.
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
    for (; (n = write(self.report_fd, start, (size_t)(text.at - start))) != text.at - start;
         start += n > 0 ? n : 0) {
        struct pollfd ready = {.fd = self.report_fd, .events = POLLOUT};
        if (interrupted(n))
            continue;
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
    /* whom the OOM killer meant nobody can tell */
    if (run->outcome == SIGNALED && oom_killed() != 1) {
        tell("%s ended its own process group, and the supervisor with it: ending everything", run->title);
    } else {
        tell("the %s (pid %ld) was killed: ending everything", which, (long)pid);
        run->outcome = KILLED;
    }
    self.wants = self.sparing = false;
    /* first: the shell reads already, and what it was stopped for is over */
    if (return_terminal(true) && run->job > 1)
        kill(-run->job, SIGCONT);
    drop_look();
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
}

/*
 * The command has ended, and something may be left: it is looked at, and then cleared, waited for, or left
 * alone. What was waited for is looked at again when it is to be cleared: who reads a pipe is asked last.
 * Where nothing has to be waited for any more, neither limit nor parent count, as long as a look may take.
 */
static void look_at_leftovers(void)
{
    bool waits = opt.wait && self.phase <= ASKED, is_new = !self.surveyed;
    if (!run->ended || self.childless || self.phase >= LOOKING)
        return;
    self.surveyed = true;
    if (is_new || !waits || (self.due && self.look_deadline))
        sweep(0);
    bool none = self.left == 0 && !self.blind;
    if (none && self.look_deadline)
        finish_look();
    bool wanted = is_new && (opt.verbose || opt.report);
    if (!none && !self.blind && !self.look_deadline && (wanted || !(waits || leaves())))
        begin_look(WHO_IS_LEFT);
    if (leaves())
        enter(OVER, 1);
    else if (none || !waits)
        enter(CLEARING, 0);
}

/* Is there nothing more to do? */
static bool finished(void)
{
    if (self.phase == OVER)
        return true;
    if (!has(COMMAND_SIDE))
        return self.child_gone;                     /* and run->done: else it would have taken over */
    if (self.look_deadline || !(run->ended || (self.phase == KILLING && !command_lives())))
        return self.childless;
    return self.childless || (self.spares && !self.blind && self.left == 0);
}

/* Whoever wakes looks at all that may have changed; a child's end counts before the clock and the parent. */
static void look_around(void)
{
    self.more = false;
    look_at_other();
    /* first what the children are compared with: who has ended by then has ended in time */
    bool parent_died = run->parent_died;
    int64_t time = self.deadline ? now() : 0;
    reap();
    if (self.role == COMMAND_SIDE && run->seen != run->ring_tail) {
        run->seen = run->ring_tail;
        if (run->stop)
            wake(run->outer);
    }
    if (self.role == JOB_SIDE && self.child_gone && !run->done)
        take_over(COMMAND_SIDE, "supervisor", self.child);
    if (has(COMMAND_SIDE))
        look_at_leftovers();
    if (has(COMMAND_SIDE) && parent_died && self.phase <= ASKED && !finished())
        begin_end(PARENT_DIED);
    if (self.deadline && time >= self.deadline && !finished())
        next_phase();
    attend_look();
    if (has(JOB_SIDE))
        follow();
    if (has(COMMAND_SIDE)) {
        answer();
        settle_stops();
        sweep_if_due();
    }
}

/* For the report: who sent what, each pair once, in order of first arrival. */
static void note_sender(int sig, const siginfo_t *info)
{
    pid_t pid = info->si_code > 0 ? 0 : info->si_pid;
    unsigned n = run->nsenders;
    char name[64];
    if (!opt.report)
        return;
    for (unsigned i = 0; i < n; i++)
        if (run->senders[i].pid == pid && run->senders[i].signal == sig)
            return;
    if (n == SENDERS)
        return;
    run->senders[n] = (struct sender){.pid = pid, .signal = sig};
    if (pid && strcmp(name_of(pid, name), "?") != 0)
        print(run->senders[n].name, sizeof run->senders[n].name, "%.15s", name);
    run->nsenders = n + 1;
}

static void tell_forwarded(int sig, const siginfo_t *info)
{
    int to = opt.rewrite[sig];
    char name[64] = "kernel";
    pid_t pid = info->si_code > 0 ? 0 : info->si_pid;
    if (opt.verbose < 2)
        return;
    if (info->si_code <= 0 && pid == 0)
        print(name, sizeof name, "of another PID namespace");
    else if (info->si_code <= 0)
        name_of(pid, name);
    tell_all("%s from pid %ld (%s) %s%s%s", NAME(sig), (long)pid, name, to ? "forwarded" : "dropped",
             to && to != sig ? " as " : "", to && to != sig ? NAME(to) : "");
}

/* For report and reader: what has come, from whom, and whether it is passed on. */
static void note_arrival(int sig, const siginfo_t *info)
{
    note_sender(sig, info);
    tell_forwarded(sig, info);
}

/*
 * Is this signal a wake-up, and nobody's: our own timer, child, looker, other process, or what our own call
 * raised?
 */
static bool only_wakes(int sig, const siginfo_t *info)
{
    bool sent = info->si_code == SI_USER || info->si_code == SI_TKILL;
    /* ours, or of what we were before our exec: of real-time signals, which we send to nobody here, all */
    if (sent && info->si_pid == self.pid)
        return sig < FIRST_REALTIME - 2 && !take_out(&self.was_pending, sig);
    if (sig == SIGALRM && info->si_code == SI_TIMER && info->si_value.sival_ptr == &self.timer)
        return true;
    if (sig == SIGCHLD && sent && self.last_looker && info->si_pid == self.last_looker)
        return true;
    if (!guarded() || !has(JOB_SIDE) || !sent)
        return sig == SIGCHLD && info->si_code > 0;
    /* from 0: the kernel had no room for its sender */
    if (sig == SIGCHLD && (info->si_pid == 0 || info->si_pid == run->inner) &&
        atomic_exchange(&run->woken, false))
        return true;
    return info->si_pid == run->inner;              /* it wakes us, continues us, or relays to the job */
}

/*
 * Of a parent that can't be seen, it is one that does not merge with what waits already, as a CHLD does: of
 * libc's own real-time signals, which nobody sends to us.
 */
static int parent_death_signal(void) { return self.parent ? SIGCHLD : FIRST_REALTIME - 1; }

/*
 * The parent-death signal: of the parent, or of one thread of it. From outside the namespace it is the only
 * word that there is.
 */
static bool is_parent_death(int sig, const siginfo_t *info)
{
    if (sig != parent_death_signal() || info->si_code != SI_USER || info->si_pid != self.parent ||
        !opt.die_with_parent)
        return false;
    if (self.parent == 0)
        run->parent_died = 1;
    wake(run->inner);
    return true;
}

/* One signal, told apart by who sent it. What is to be done besides passing it on is found by looking. */
static void handle(int sig, const siginfo_t *info)
{
    /* A command that was dead before its supervisor ended has not been killed because of that. */
    if (guarded() && sig == SIGCHLD && info->si_code == CLD_KILLED && info->si_pid == run->command &&
        !run->ended && run->outcome == NOT_STARTED)
        run->outcome = SIGNALED;
    if (has(JOB_SIDE) && is_stop(sig) && run->stop)
        /* whoever sent it, it has thrown away the CONT that would follow: we stop again */
        run->stand = 0;
    if (only_wakes(sig, info)) {
        /* inner's own CONT, of the stop before, was in the way of the next: see pass_stop() */
        if (sig == SIGCONT && has(JOB_SIDE) && run->stop)
            wake(run->inner);
        return;
    }
    if (!has(JOB_SIDE)) {
        hear(sig, info);
        return;
    }
    bool asks = (sig == SIGTTIN || sig == SIGTTOU) && (info->si_code > 0 || is_neighbour(info->si_pid));
    if (is_parent_death(sig, info) || (asks && member_asks()))
        return;
    if (sig == SIGCONT) {
        self.job_waits = false;
        if (run->stop)
            run->stand = (run->stop & ~0xffu) | FOLLOWING;
    }
    if (sig != SIGCONT)                             /* first: the command may end by it, and all be told */
        note_arrival(sig, info);
    /* of a CONT, and no call before: inner looks for one that waits here, or is in the ring */
    ring_write(sig);
    if (sig == SIGCONT && self.wants && !nobody_is_there())
        give_terminal(WITH_JOB);                    /* before the command goes on */
    wake(run->inner);
    if (sig == SIGCONT)
        note_arrival(sig, info);
}

/*
 * How long to sleep: not at all where a look met its bound; to the deadline where there is no timer; else
 * for ever, -1.
 */
static int64_t time_to_sleep(void)
{
    if (self.more)
        return 0;
    int64_t deadline = self.armed ? 0 : next_deadline();
    if (self.settle && (deadline == 0 || self.settle < deadline))
        deadline = self.settle;
    if (deadline == 0)
        return -1;
    int64_t rest = deadline - now();
    return rest > 0 ? rest : 0;
}

/*
 * The command may end by what was typed, before the supervisor has taken its own: the rest of the job is to
 * have it all the same. Each number once, so that no flood keeps us.
 */
static void hear_the_rest(void)
{
    struct mask rest = all_signals();
    siginfo_t info;
    for (int sig; self.role == COMMAND_SIDE && (sig = take_signal(&rest, &info, 0)) > 0;) {
        take_out(&rest, sig);
        handle(sig, &info);
    }
}

/*
 * The loop of both processes: the guard's child is the supervisor, and the supervisor's is the command.
 * Each signal has its turn: one that was taken waits until the others were, so that a flood of it, or the
 * kernel's preference for what was sent to a thread, starves none.
 */
static void supervise(void)
{
    const struct mask all = all_signals();
    struct mask turn = all;
    bool taken = false;
    for (;;) {
        siginfo_t info;
        look_around();
        if (finished())
            break;
        bool full = self.role == JOB_SIDE && ring_is_full();
        run->ring_full |= full;
        full = full && ring_is_full();              /* again: what is read from now on wakes us */
        if (full)
            turn = mask_of(SIGCHLD);
        int sig = taken ? take_signal(&turn, &info, 0) : -1;
        if (sig < 0 && !full)
            turn = all;
        if (sig < 0)
            sig = take_signal(&turn, &info, time_to_sleep());
        taken = sig > 0;
        if (taken) {
            take_out(&turn, sig);
            handle(sig, &info);
        }
    }
    hear_the_rest();
    if (!self.childless)
        reap();
}

/* ---------------------------------------------------------------- leaving */

/* How tiny-reaper is to end: run->exit_status, or run->exit_signal. */
static void judge(void)
{
    int status = run->wait_status;
    if (run->outcome == NOT_STARTED)
        run->outcome = run->ended && WIFEXITED(status) ? EXITED : SIGNALED;
    if (run->outcome == KILLED)
        run->exit_signal = SIGKILL;
    else if (run->timed_out && !opt.preserve_status)
        run->exit_status = run->killed_command ? TIMED_OUT_KILLED : TIMED_OUT;
    else if (!run->ended)                           /* nothing could end it */
        run->exit_status = TIMED_OUT_KILLED;
    else if (WIFEXITED(status))
        run->exit_status = opt.success_status[WEXITSTATUS(status)] ? 0 : WEXITSTATUS(status);
    else if (!opt.success_signal[WTERMSIG(status)])
        run->exit_signal = WTERMSIG(status);
}

/*
 * What is left to do when nothing runs any more: the terminal, the verdict, the report. The supervisor does
 * it, or the guard for a dead one; the guard may have given the terminal since, so it looks once more.
 */
static void conclude(void)
{
    if (run->command)
        return_terminal(!run->done && was_ended());
    if (run->done)
        return;
    if (run->failed_status && run->outcome != KILLED) {
        run->outcome = NOT_STARTED;                 /* also where the limit came first */
        run->timed_out = false;
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
    /* a job that was stopped when its limit came would sit there for ever */
    if (halted)
        signal_outer(SIGCONT);
}

/*
 * Ends this process as *run says: by exit, or by the command's signal, without a core of ours. PID 1 can't:
 * 128+N.
 */
static _Noreturn void leave(void)
{
    int sig = run->exit_signal;
    if (run->job > 1 && !self.no_terminal && (self.job_waits || is_pending(SIGTTIN) || is_pending(SIGTTOU)))
        /* a member of the job has asked in vain: let it ask again */
        kill(-run->job, SIGCONT);
    if (sig && self.pid != 1) {
        prlimit(0, RLIMIT_CORE, &(struct rlimit){0, 0}, NULL);
        prctl(PR_SET_DUMPABLE, 0);
        dispose(sig, &(struct disposition){0}, NULL);
        kill(self.pid, sig);
        set_signal(SIG_UNBLOCK, sig);
    }
    _exit(sig ? 128 + sig : run->exit_status);
}

/* ---------------------------------------------------------------- main */

/*
 * Arms the death of our parent, and compares: one that was gone before sends no signal, and one that has
 * dropped its rights may send us none. PR_SET_PDEATHSIG(2const)
 */
static bool watch_parent(void)
{
    char text[1024];
    pid_t session = getsid(0);
    if (prctl(PR_SET_PDEATHSIG, parent_death_signal()) != 0)
        return cannot(FAILED, "cannot watch the parent: %s", strerror(errno));
    /*
     * Not our session, and we don't lead ours: somebody in between has made it, and is gone. A leader may
     * have left it since.
     */
    bool adopted = self.parent && getsid(self.parent) != session && session != self.pid &&
                   (self.parent == 1 || getsid(self.parent) != self.parent);
    if (getppid() != self.parent || adopted)
        return cannot(FAILED, "the process that started %s has ended already: nothing was started",
                      opt.name);
    if (self.parent && read_proc(self.parent, "status", text, sizeof text) > 0) {
        uint64_t uid = field(text, "Uid:", 10);
        if (uid != 0 && uid != getuid())
            warn("the parent (pid %ld) is another user's: its end may go unnoticed", (long)self.parent);
    }
    return true;
}

/* What tiny-reaper finds when it is started. */
static void begin(void)
{
    struct stat input = {0};
    map_run();
    self.pid = own_pid();
    if (opt.die_with_parent)
        self.parent = getppid();
    self.role = JOB_SIDE | COMMAND_SIDE;
    run->inner = run->outer = self.pid;
    run->job = getpgrp();
    run->started = now();
    if (look_at_stream(STDIN_FILENO, &input) == 0 && (S_ISFIFO(input.st_mode) || S_ISSOCK(input.st_mode)))
        run->stdin_dev = input.st_dev, run->stdin_ino = input.st_ino;
    run->wants_terminal = self.wants = wants_at_start();
    take_timers();
    run->oom_before = -1;
    if (!opt.report && !opt.verbose)
        return;
    map_look();
    run->date = read_clock(CLOCK_REALTIME);
    find_oom_file();
    run->oom_before = oom_kills();
}

/* Everything up to the command's fork; false: it can't be started, and *run says why. */
static bool start(void)
{
    if (!take_chld() || (opt.die_with_parent && !watch_parent()) || !spare_children())
        return false;
    prepare_environment();
    if (self.pid == 1 || opt.no_guard)
        become_subreaper();
    else if (!split() || !has(COMMAND_SIDE))
        return has(JOB_SIDE) && self.child;
    enter(RUNNING, 0);
    if (!start_command())
        return false;
    tell_all("started %s (pid %ld, group %ld), limit %s", run->title, (long)run->command, (long)group(),
             opt.limit ? run->limit : "none");
    return true;
}

int main(int argc, char **argv)
{
    self.report_fd = -1;
    self.left = -1;
    self.has_stderr = fcntl(STDERR_FILENO, F_GETFD) >= 0;
    if (!block_signals(&self.inherited_mask))
        die(FAILED, "cannot block signals: %s", strerror(errno));
    self.was_pending = pending_signals();
    parse_options(argv);
    open_report();
    begin();
    bool started = start();
    release();
    keep_descriptors();
    if (self.role == COMMAND_SIDE)
        hide_arguments(argc, argv);
    if (started)
        supervise();
    conclude();
    if (self.pid != run->outer)
        _exit(0);
    leave();
}

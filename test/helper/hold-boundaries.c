/*
 * hold-boundaries [-n FIRST] [-l LAST] [-s STRIDE] EVENT HELD PROGRAM [OPTION]...
 *
 * Runs PROGRAM (tiny-reaper) with a command of its own again and again, and in run N holds HELD (outer or
 * inner) when it stands at its Nth system-call boundary, entry or exit: everything else runs until it is
 * quiet, EVENT comes, all is quiet again, and HELD goes on. Then the outcome must be the one that there is
 * without any holding. An event may have several steps (Ctrl-Z, then fg): boundaries are counted through
 * all of them, and while HELD is held the next step comes. The last runs are those that ended before
 * boundary N.
 *
 * This process plays the interactive shell: it leads a session with a terminal of its own, has PROGRAM in a
 * job (a process group), takes the terminal back when the job stops, and continues it. After each step,
 * when nothing is held and all is quiet, the command is stopped if and only if the job is, and the terminal
 * is where it belongs.
 *
 * One gap is known, and closed by no order of calls: between outer's look for a continuation that waits and
 * the stop that it raises for itself. The kernel throws the continuation away as it adds the stop. What goes
 * wrong there, and only there, is counted apart.
 *
 * Says "EVENT, HELD held at each boundary: N boundaries, N runs, N wrong, N in the gap", and before that what
 * was wrong and where.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <termios.h>
#include "remains.h"

/* ---------------------------------------------------------------- events */

enum { FOREGROUND = 1, PLAIN = 2, MEMBER = 4, PARENT = 8, ENDS = 16, RUNS = 32, LEAVES = 64 };

/*
 * A step is a letter:
 *   T TERM to outer           J TERM to the job        C Ctrl-C       Z Ctrl-Z
 *   s TSTP to outer           c CONT to outer          q both at once
 *   S STOP to outer: the command runs on
 *   f fg: CONT to the job, and the terminal, if the shell has seen it stop     b bg: CONT to the job
 *   w the command stops itself by STOP, and again as soon as it goes on       W the same, by TSTP
 *   r the command reads the terminal     m another member of the job does       l a line is typed
 *   x the limit expires       k the process that is not held is killed          p the parent of outer dies
 *   e the command ends
 * Each event ends with e, unless it ends the command itself (ENDS). PLAIN: the command catches nothing.
 * LEAVES: it ends by itself at once when it has caught something. MEMBER: the job has another member. PARENT: there is a process between outer and us. RUNS: the last that
 * came was a continuation, so in the end nobody is stopped.
 */
static const struct event {
    const char *name, *steps;
    int how;
    int status;             /* of outer, as wait(2) has it; -1: any */
    const char *log;        /* what the command and the member have got, in any order */
    const char *option;     /* of PROGRAM */
} EVENTS[] = {
    {"term", "T", 0, 7 << 8, "TERM", NULL},
    {"job-term", "J", 0, 7 << 8, "TERM", NULL},
    {"ctrl-c", "C", FOREGROUND | MEMBER, 7 << 8, "INT member-INT", NULL},
    {"ctrl-c-ends", "C", FOREGROUND | MEMBER | LEAVES | ENDS, 7 << 8, "INT member-INT", NULL},
    {"ctrl-z", "ZfZf", FOREGROUND | RUNS, 7 << 8, "", NULL},
    {"bg", "Zb", FOREGROUND | RUNS, 7 << 8, "", NULL},
    {"stop-fg", "Sf", FOREGROUND | RUNS, 7 << 8, "", NULL},
    {"stop-bg", "Sb", FOREGROUND | RUNS, 7 << 8, "", NULL},
    {"stops-twice", "wf", FOREGROUND, 7 << 8, "", NULL},
    {"stops-twice-by-tstp", "Wf", FOREGROUND, 7 << 8, "", NULL},
    {"tstp-cont", "sc", RUNS, 7 << 8, "", NULL},
    {"tstp+cont", "q", RUNS, 7 << 8, "", NULL},
    {"foreground-tstp-cont", "sc", FOREGROUND | RUNS, 7 << 8, "", NULL},
    {"expiry", "x", FOREGROUND | PLAIN | ENDS, 124 << 8, "", "-t0.2"},
    {"end", "", FOREGROUND, 7 << 8, "", NULL},
    {"kill", "k", FOREGROUND | MEMBER | ENDS, SIGKILL, "", NULL},
    {"parent", "p", PLAIN | PARENT | ENDS, -1, "", "-d"},
    {"member", "ml", FOREGROUND | MEMBER, 7 << 8, "member-line", NULL},
    {"ask", "rfl", 0, 7 << 8, "line", NULL},
};
enum { NEVENTS = sizeof EVENTS / sizeof EVENTS[0] };

static const double LIMIT = 0.2, DEADLINE = 20;

/* ---------------------------------------------------------------- state */

static const struct event *event;
static int master, tty;
static pid_t shell;

enum role { OUTER, INNER };
static enum role role;

/* One run. */
static struct {
    pid_t outer, inner, command, member, parent;    /* 0: there is none, or not yet */
    int log, control, member_control;               /* descriptors */
    double start;
    int n, boundaries;                              /* hold at; seen */
    int executed;                                   /* outer has executed PROGRAM */
    pid_t held;                                     /* HELD's, while it is held */
    int let_go;                                     /* it was held */
    int stopped;                                    /* the shell has seen the job stop */
    int alone;                                      /* outer alone was stopped, and not yet continued */
    int foreground;                                 /* the job is in the foreground, as the shell has it */
    int ended, killed;                              /* outer has ended; the other one was killed */
    int knows_parent, orphan;                       /* outer has asked for its parent; it died before that */
    long call;
    int entry;
    char got[512];                                  /* the log */
    int gap, in_gap;                                /* at the known gap; a continuation was lost there */
    char wrong[512];                                /* the first thing that was wrong */
} run;

static void wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void wrong(const char *format, ...)
{
    va_list arguments;
    if (run.wrong[0])
        return;
    va_start(arguments, format);
    vsnprintf(run.wrong, sizeof run.wrong, format, arguments);
    va_end(arguments);
}

static void give_up(const char *what)
{
    perror(what);
    exit(99);
}

/* ---------------------------------------------------------------- the command, the member, the parent */

static int log_fd, leaves;
static const char *log_prefix = "";

static void log_line(const char *text)
{
    char line[64];
    int n = snprintf(line, sizeof line, "%s%s\n", log_prefix, text);
    if (write(log_fd, line, (size_t)n) != n)
        _exit(98);
}

static void caught(int sig)
{
    log_line(sig == SIGTERM ? "TERM" : sig == SIGINT ? "INT" : "?");
    if (leaves)
        _exit(7);
}

static void unblock(void)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Does what it is told by CONTROL; what it gets is logged. */
static void obey(int control)
{
    char order, line[64];
    ssize_t n;
    for (;;) {
        n = read(control, &order, 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n != 1)
            _exit(97);
        if (order == 'e')
            _exit(7);
        if (order == 'w' || order == 'W') {
            for (int i = 0; i < 2; i++)
                raise(order == 'w' ? SIGSTOP : SIGTSTP);
            continue;
        }
        int terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
        while ((n = read(terminal, line, sizeof line)) < 0 && errno == EINTR)
            continue;
        log_line(n > 0 ? "line" : n ? "error" : "end-of-file");
        close(terminal);
    }
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = caught, .sa_flags = SA_RESTART};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
}

/* The command: command LOG CONTROL catch|leave|plain. A child in a session of its own is what it leaves behind, but where it ends by itself. */
static int be_command(char **argv)
{
    char line[64];
    log_fd = atoi(argv[2]);
    leaves = strcmp(argv[4], "leave") == 0;
    if (!leaves && fork() == 0) {
        setsid();
        unblock();
        close(log_fd);
        for (;;)
            pause();
    }
    if (leaves || strcmp(argv[4], "catch") == 0)
        catch_signals();
    snprintf(line, sizeof line, "pid %d", (int)getpid());
    log_line(line);
    unblock();
    obey(atoi(argv[3]));
    return 0;
}

/* Another member of the job. */
static void be_member(int control)
{
    log_prefix = "member-";
    catch_signals();
    setpgid(0, run.outer);
    log_line("ready");
    unblock();
    obey(control);
}

/* ---------------------------------------------------------------- starting */

static void block(int how, int sig)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, sig);
    sigprocmask(how, &set, NULL);
}

/*
 * In the child. TERM and INT are blocked, and the command unblocks them when it has its handlers: not one may
 * be lost, at whatever instant it comes.
 */
static void become_outer(char **argv, int log, int control, int go)
{
    char *words[64], numbers[2][16], byte;
    int n = 0;
    setpgid(0, 0);
    snprintf(numbers[0], sizeof numbers[0], "%d", log);
    snprintf(numbers[1], sizeof numbers[1], "%d", control);
    words[n++] = *argv++;
    if (event->option)
        words[n++] = (char *)event->option;
    while (*argv && n < 56)
        words[n++] = *argv++;
    words[n++] = (char *)"/proc/self/exe";
    words[n++] = (char *)"command";
    words[n++] = numbers[0];
    words[n++] = numbers[1];
    words[n++] = (char *)(event->how & PLAIN ? "plain" : event->how & LEAVES ? "leave" : "catch");
    words[n] = NULL;
    char self[512];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length < 0)
        _exit(99);
    self[length] = '\0';
    words[n - 5] = self;
    give_back_chld();
    block(SIG_UNBLOCK, SIGTTOU);
    signal(SIGHUP, SIG_DFL);
    block(SIG_BLOCK, SIGTERM);
    block(SIG_BLOCK, SIGINT);
    for (int fd = 0; fd <= 2; fd++)
        dup2(tty, fd);
    if (read(go, &byte, 1) != 1)
        _exit(99);
    execvp(words[0], words);
    _exit(99);
}

/* Forks outer, with a process between us and it if its parent is to die. */
static pid_t fork_outer(char **argv, int log, int control, int go)
{
    int id[2];
    pid_t pid = 0;
    if (pipe2(id, O_CLOEXEC) != 0)
        give_up("pipe");
    if (event->how & PARENT && (run.parent = fork()) < 0)
        give_up("fork");
    if (!(event->how & PARENT) || run.parent == 0) {
        if ((pid = fork()) < 0)
            give_up("fork");
        if (pid == 0) {
            pid = getpid();
            if (write(id[1], &pid, sizeof pid) != sizeof pid)
                _exit(99);
            become_outer(argv, log, control, go);
        }
        if (event->how & PARENT)
            for (;;)
                pause();
    }
    if (read(id[0], &pid, sizeof pid) != sizeof pid)
        give_up("fork");
    close(id[0]);
    close(id[1]);
    return pid;
}

static void take_log(void)
{
    size_t used = strlen(run.got);
    ssize_t n = read(run.log, run.got + used, sizeof run.got - used - 1);
    if (n > 0)
        run.got[used + (size_t)n] = '\0';
    char *at = strstr(run.got, "pid ");
    if (!run.command && at && strchr(at, '\n'))
        run.command = atoi(at + 4);
}

static void start_member(int log)
{
    int control[2];
    if (pipe2(control, O_CLOEXEC) != 0)
        give_up("pipe");
    run.member_control = control[1];
    if ((run.member = fork()) < 0)
        give_up("fork");
    if (run.member == 0) {
        log_fd = log;
        be_member(control[0]);
    }
    close(control[0]);
    for (double until = now() + DEADLINE; !strstr(run.got, "member-ready\n"); take_log())
        if (now() > until)
            give_up("member");
}

/* Starts PROGRAM, traced from before its exec, as a job of ours. */
static void start(char **argv)
{
    int log[2], control[2], go[2];
    long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
                   PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
    if (pipe(log) != 0 || pipe(control) != 0 || pipe2(go, O_CLOEXEC) != 0)
        give_up("pipe");
    fcntl(log[0], F_SETFD, FD_CLOEXEC);
    fcntl(control[1], F_SETFD, FD_CLOEXEC);
    fcntl(log[0], F_SETFL, O_NONBLOCK);
    run.log = log[0];
    run.control = control[1];
    run.outer = fork_outer(argv, log[1], control[0], go[0]);
    setpgid(run.outer, run.outer);
    if (event->how & MEMBER)
        start_member(log[1]);
    close(log[1]);
    close(control[0]);
    close(go[0]);
    tcflush(tty, TCIOFLUSH);
    run.foreground = !!(event->how & FOREGROUND);
    if (tcsetpgrp(tty, run.foreground ? run.outer : shell) != 0)
        give_up("tcsetpgrp");
    if (ptrace(PTRACE_SEIZE, run.outer, NULL, options) != 0)
        give_up("ptrace");
    run.start = now();
    if (write(go[1], "", 1) != 1)
        give_up("go");
    close(go[1]);
}

/* ---------------------------------------------------------------- what happens */

/* The shell sees that its job has stopped. */
static void job_stopped(void)
{
    run.stopped = 1;
    tcsetpgrp(tty, shell);
}

/* ... or has been continued by somebody else: it is in the background then. */
static void job_continued(void)
{
    if (run.stopped)
        run.foreground = 0;
    run.stopped = run.alone = 0;
}

static int is_stop_signal(int sig)
{
    return sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU;
}

/* Is this outer about to stop itself? */
static int raises_stop(const struct __ptrace_syscall_info *info)
{
    const uint64_t *args = info->entry.args;
    if (info->entry.nr == SYS_kill)
        return ((pid_t)args[0] == run.outer || args[0] == 0) && is_stop_signal((int)args[1]);
    return (info->entry.nr == SYS_tkill && is_stop_signal((int)args[1])) ||
           (info->entry.nr == SYS_tgkill && is_stop_signal((int)args[2]));
}

/* A system-call stop of HELD: true if it is to be held here. */
static int at_boundary(pid_t pid)
{
    struct __ptrace_syscall_info info = {0};
    if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) <= 0)
        return 0;
    run.entry = info.op == PTRACE_SYSCALL_INFO_ENTRY;
    if (run.entry)
        run.call = (long)info.entry.nr;
    run.gap = run.entry ? raises_stop(&info) : run.call == SYS_rt_sigpending;
    run.knows_parent |= !run.entry && run.call == SYS_getppid && pid == run.outer;
    return ++run.boundaries == run.n;
}

/* A stop of something traced, taken from the kernel: goes on, or is let go if it is not to be held. */
static void traced(pid_t pid, int status)
{
    int kind = status >> 8, sig = kind == 0 && status != (SIGTRAP | 0x80) ? status : 0;
    enum role here = pid == run.outer ? OUTER : INNER;
    unsigned long born = 0;
    int forks = kind == PTRACE_EVENT_FORK || kind == PTRACE_EVENT_VFORK || kind == PTRACE_EVENT_CLONE;
    if (pid == run.outer && forks && !run.inner && ptrace(PTRACE_GETEVENTMSG, pid, NULL, &born) == 0)
        run.inner = (pid_t)born;
    if (pid == run.outer && kind == PTRACE_EVENT_EXEC)
        run.executed = 1;
    if (kind == PTRACE_EVENT_STOP && is_stop_signal(status & 0xff)) {
        if (pid == run.outer)
            job_stopped();
        ptrace(PTRACE_LISTEN, pid, NULL, NULL);
        return;
    }
    if (kind == PTRACE_EVENT_STOP && pid == run.outer)
        job_continued();
    /* Inner may be seen before outer's fork event. */
    int known = pid == run.outer || pid == run.inner || !run.inner;
    if (!known || (here != role && (here == INNER || run.inner))) {
        ptrace(PTRACE_DETACH, pid, NULL, (void *)(long)sig);
        if (here == INNER && !run.inner)
            run.inner = pid;
        return;
    }
    if (status == (SIGTRAP | 0x80) && here == role && run.executed && at_boundary(pid)) {
        run.held = pid;
        return;
    }
    ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(long)sig);
}

/*
 * Takes what the kernel has to say. The end of outer is left for remains_of. True: there was something. What is
 * looked at is taken by the same call: between two a continuation may become a trap, which nobody would answer.
 */
static int take_news(void)
{
    static const int left_there = WEXITED | WNOHANG | WNOWAIT | __WALL;
    siginfo_t info = {0};
    take_log();
    if (run.ended)
        return 0;
    if (waitid(P_ALL, 0, &info, WSTOPPED | WCONTINUED | WNOHANG | __WALL) == 0 && info.si_pid != 0) {
        if (info.si_code == CLD_TRAPPED)
            traced(info.si_pid, info.si_status);
        else if (info.si_code == CLD_STOPPED && info.si_pid == run.outer)
            job_stopped();
        else if (info.si_code == CLD_CONTINUED && info.si_pid == run.outer)
            job_continued();
        return 1;
    }
    info.si_pid = 0;
    if (waitid(P_ALL, 0, &info, left_there) != 0 || info.si_pid == 0)
        return 0;
    /* The kernel tells of a trap here, too, if there is one by now: it is taken the next time. */
    int gone = info.si_code == CLD_EXITED || info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED;
    if (gone && info.si_pid == run.outer)
        run.ended = 1;
    else if (gone)
        waitpid(info.si_pid, NULL, WNOHANG | __WALL);
    return 1;
}

/* ---------------------------------------------------------------- quiet */

struct look {
    int processes, busy;
    unsigned long switches;     /* of all: who has slept in between has changed it */
};

static void look_below(pid_t pid, struct look *look);

static void look_at_process(pid_t pid, struct look *look)
{
    char path[64], line[256], state = 'Z';
    unsigned long switches;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file)) {
        sscanf(line, "State: %c", &state);
        if (sscanf(line, "voluntary_ctxt_switches: %lu", &switches) == 1 ||
            sscanf(line, "nonvoluntary_ctxt_switches: %lu", &switches) == 1)
            look->switches += switches;
    }
    if (file)
        fclose(file);
    look->processes++;
    int job_stopped = state == 't' && pid == run.outer && run.stopped;
    int rests = state == 'S' ? sleeps(pid) : strchr("TZX", state) != NULL;
    look->busy |= !rests && pid != run.held && !job_stopped;
    look_below(pid, look);
}

static void look_below(pid_t pid, struct look *look)
{
    char path[64];
    pid_t children[64];
    int n = 0;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
    FILE *file = fopen(path, "r");
    while (file && n < 64 && fscanf(file, "%d", &children[n]) == 1)
        n++;
    if (file)
        fclose(file);
    for (int i = 0; i < n; i++)
        look_at_process(children[i], look);
}

/*
 * Waits until everything that we have started sleeps, but for what is held: looks between which nobody ran.
 * False: outer has ended, unless that is ALLOWED, or it never came to rest.
 */
static int comes_to_rest(int allowed)
{
    struct look last = {0};
    double until = run.start + DEADLINE;
    for (int same = 0; same < 2;) {
        struct look look = {0};
        while (take_news())
            same = 0;
        if (run.ended && !allowed)
            return 0;
        look_below(shell, &look);
        int changed = look.processes != last.processes || look.switches != last.switches;
        same = look.busy || changed ? 0 : same + 1;
        last = look;
        if (now() > until) {
            wrong("not quiet after %g s", DEADLINE);
            return 0;
        }
        if (same < 2)
            wait_for_chld(0.0005);
    }
    return 1;
}

static int quiet(void) { return comes_to_rest(0); }

static char state_of(pid_t pid)
{
    struct process p;
    return pid && look_at(pid, &p) ? p.state : '-';
}

/* What must hold when nothing is held and all is quiet. */
static void check_quiet(void)
{
    pid_t holder = tcgetpgrp(tty);
    int stopped = state_of(run.command) == 'T' || state_of(run.command) == 't';
    if (run.command && stopped != (run.stopped && !run.alone))
        wrong("command %sstopped, job %sstopped", stopped ? "" : "not ", run.stopped ? "" : "not ");
    if (run.stopped || !run.foreground) {
        if (holder != shell)
            wrong("the terminal was taken from the shell (by %s)",
                  holder == run.outer ? "the job" : holder == run.inner ? "inner's group" : "somebody");
    } else if (holder != run.outer && (!run.command || holder != getpgid(run.command))) {
        wrong("the terminal of the job in the foreground is with %s (group %d; outer is %d, the command %d in %d)",
              holder == shell ? "the shell" : "nobody known", (int)holder, (int)run.outer, (int)run.command,
              run.command ? (int)getpgid(run.command) : 0);
    }
}

/* ---------------------------------------------------------------- steps */

/* Types TEXT, and waits until the terminal has taken it: when it shows ECHO. */
static void type(const char *text, const char *echo)
{
    char shown[4096] = "";
    size_t used = 0;
    while (read(master, shown, sizeof shown) > 0)
        continue;
    memset(shown, 0, sizeof shown);
    if (write(master, text, strlen(text)) < 0)
        give_up("type");
    for (double until = now() + DEADLINE; !strstr(shown, echo) && now() < until && used < sizeof shown - 1;) {
        ssize_t n = read(master, shown + used, sizeof shown - 1 - used);
        if (n > 0)
            used += (size_t)n;
        else
            poll(&(struct pollfd){master, POLLIN, 0}, 1, 10);
    }
    if (!strstr(shown, echo))
        wrong("no echo of %s", echo);
}

static void tell(int fd, char order)
{
    if (write(fd, &order, 1) != 1)
        wrong("nobody listens to %c", order);
}

static void to_foreground(int give)
{
    if (run.stopped) {
        run.foreground = give;
        if (give)
            tcsetpgrp(tty, run.outer);
    }
    run.stopped = run.alone = 0;
    kill(-run.outer, SIGCONT);
}

static void kill_other(void)
{
    pid_t other = role == OUTER ? run.inner : run.outer;
    if (!other && role == OUTER) {
        struct process p;
        other = child_of(run.outer, "tiny-", 0, &p);
    }
    run.killed = other != 0;
    if (other)
        kill(other, SIGKILL);
    else
        tell(run.control, 'e');
}

static void take_step(char step)
{
    switch (step) {
    case 'T': kill(run.outer, SIGTERM); break;
    case 'J': kill(-run.outer, SIGTERM); break;
    case 'C': type("\3", "^C"); break;
    case 'Z': type("\32", "^Z"); break;
    case 's': kill(run.outer, SIGTSTP); break;
    case 'S': run.alone = 1, kill(run.outer, SIGSTOP); break;
    case 'c': kill(run.outer, SIGCONT); break;
    case 'q': kill(run.outer, SIGTSTP), kill(run.outer, SIGCONT); break;
    case 'f': to_foreground(1); break;
    case 'b': to_foreground(0); break;
    case 'w': case 'W': case 'r': tell(run.control, step); break;
    case 'm': tell(run.member_control, 'r'); break;
    case 'l': type("word\n", "word"); break;
    case 'x':
        while (now() < run.start + LIMIT + 0.01 && !run.ended)
            if (!take_news())
                wait_for_chld(run.start + LIMIT + 0.01 - now());
        break;
    case 'k': kill_other(); break;
    case 'p': run.orphan = role == OUTER && !run.knows_parent, kill(run.parent, SIGKILL); break;
    case 'e': tell(run.control, 'e'); break;
    }
}

static void release(void)
{
    if (run.held) {
        ptrace(PTRACE_DETACH, run.held, NULL, NULL);
        run.held = 0;
        run.let_go = 1;
    }
}

/* All steps, each when all is quiet; false if outer has ended, or something is wrong. */
static int take_steps(const char *steps)
{
    for (;;) {
        if (!quiet())
            return 0;
        if (run.held) {
            if (*steps)
                take_step(*steps++);
            quiet();
            release();
            if (!quiet())
                return 0;
        }
        check_quiet();
        if (run.wrong[0] || !*steps)
            return !run.wrong[0];
        take_step(*steps++);
    }
}

/* ---------------------------------------------------------------- the outcome */

/* How often LINE is in the log. */
static int times(const char *line)
{
    int n = 0;
    size_t length = strlen(line);
    for (const char *at = run.got; (at = strstr(at, line)); at += length)
        n += (at == run.got || at[-1] == '\n') && at[length] == '\n';
    return n;
}

static void check_log(void)
{
    static const char *const lines[] = {"TERM", "INT", "line", "member-TERM", "member-INT", "member-line",
                                        "error", "end-of-file", "member-error", "member-end-of-file"};
    char expected[128];
    take_log();
    if (event->how & ENDS && !*event->log)
        return;
    snprintf(expected, sizeof expected, " %s ", event->log);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char word[32];
        snprintf(word, sizeof word, " %s ", lines[i]);
        if (times(lines[i]) != !!strstr(expected, word))
            wrong("%s came %d times", lines[i], times(lines[i]));
    }
}

static void check_end(void)
{
    pid_t holder = tcgetpgrp(tty);
    if (holder != (run.foreground && !run.stopped ? run.outer : shell))
        wrong("at the end the terminal is with %s", holder == shell ? "the shell" : "neither job nor shell");
}

static void check_remains(struct remains r)
{
    int expected = event->status;
    if (strcmp(event->name, "kill") == 0 && !run.killed)
        expected = 7 << 8;
    if (r.status == -1)
        wrong("outer does not end");
    else if (expected != -1 && r.status != expected)
        wrong("status %s%d", WIFSIGNALED(r.status) ? "signal " : "",
              WIFSIGNALED(r.status) ? WTERMSIG(r.status) : WEXITSTATUS(r.status));
    if (r.left || r.zombies)
        wrong("%d left (%s), %d zombies", r.left, r.names, r.zombies);
}

/*
 * Whoever was killed leaves the other one to end everything, and to give the terminal back: inner, which may be
 * held as it does so.
 */
static void wait_for_survivor(void)
{
    struct process p;
    for (double until = now() + DEADLINE; child_of(shell, "tiny-", run.outer, &p) && now() < until;) {
        siginfo_t info = {0};
        if (waitid(P_ALL, 0, &info, WSTOPPED | WNOHANG | __WALL) == 0 && info.si_code == CLD_TRAPPED)
            traced(info.si_pid, info.si_status);
        else
            wait_for_chld(0.001);
        if (run.held && comes_to_rest(1))
            release();
    }
}

static void wait_for_end(void)
{
    while (!run.ended && !run.wrong[0]) {
        if (run.held) {                         /* its boundary comes only now */
            quiet();
            release();
        } else if (!take_news()) {
            if (now() > run.start + DEADLINE)
                wrong("outer does not end");
            wait_for_chld(0.01);
        }
    }
}

static void end_mine(pid_t pid)
{
    if (pid) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
}

static void finish(void)
{
    if (run.stopped && event->how & RUNS) {
        run.in_gap = run.let_go && role == OUTER && !run.wrong[0] && run.gap;
        if (!run.in_gap)
            wrong("stopped, though it was continued");
    }
    if (run.orphan && !run.ended)               /* it could not know */
        tell(run.control, 'e');
    if (!run.ended && !run.wrong[0]) {
        for (int i = 0; run.stopped && i < 3 && !run.wrong[0]; i++)
            take_steps("f");
        if (!run.ended && !(event->how & ENDS))
            take_steps("e");
    }
    release();
    wait_for_end();
    if (run.killed)
        wait_for_survivor();
    /* The member may be about to say what it has got. */
    for (double until = now() + DEADLINE; event->how & LEAVES && !times("member-INT") && now() < until;) {
        wait_for_chld(0.001);
        take_log();
    }
    check_log();
    if (run.ended && !(event->how & PARENT))
        check_end();
    end_mine(run.member);
    end_mine(run.parent);
    check_remains(remains_of(run.outer, NULL, run.wrong[0] ? now() : now() + DEADLINE));
    close(run.log);
    close(run.control);
    if (run.member_control)
        close(run.member_control);
}

/* ---------------------------------------------------------------- main */

static const char *call_name(long nr)
{
#define CALL(name) {SYS_##name, #name}
    static const struct { long nr; const char *name; } NAMES[] = {
        CALL(rt_sigtimedwait), CALL(rt_sigprocmask), CALL(rt_sigaction), CALL(rt_sigpending), CALL(kill),
        CALL(tkill), CALL(tgkill), CALL(ioctl), CALL(openat), CALL(close), CALL(prctl), CALL(setpgid),
        CALL(wait4), CALL(waitid), CALL(exit_group), CALL(getppid), CALL(getpgid), CALL(mmap),
        CALL(fcntl), CALL(read), CALL(write), CALL(chdir), CALL(clone), CALL(getpid), CALL(timer_create),
        CALL(timer_settime), CALL(set_tid_address), CALL(getsid), CALL(close_range), CALL(clock_gettime),
        CALL(execve),
#ifdef SYS_arch_prctl
        CALL(fork), CALL(vfork), CALL(open), CALL(getpgrp), CALL(arch_prctl), CALL(readlink),
#endif
    };
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (NAMES[i].nr == nr)
            return NAMES[i].name;
    return "?";
}

/* A session of our own with a new terminal. */
static void become_shell(void)
{
    pid_t pid = fork();
    int status;
    if (pid != 0) {
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            continue;
        exit(WIFEXITED(status) ? WEXITSTATUS(status) : 97);
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGINT, SIG_DFL);
    signal(SIGQUIT, SIG_DFL);
    become_heir();
    block(SIG_BLOCK, SIGTTOU);
    shell = setsid();
    master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0)
        give_up("pty");
    tty = open(ptsname(master), O_RDWR | O_CLOEXEC);
    if (tty < 0 || (ioctl(tty, TIOCSCTTY, 0) != 0 && tcgetsid(tty) != shell))
        give_up("tty");
}

/* One run; true if HELD was held. */
static int one_run(const char *held, int n, char **argv)
{
    memset(&run, 0, sizeof run);
    run.n = n;
    start(argv);
    take_steps(event->steps);
    finish();
    if (run.wrong[0] && run.let_go)
        printf("%s, %s held at boundary %d (%s of %s, %ld): %s\n", event->name, held, n,
               run.entry ? "entry" : "exit", call_name(run.call), run.call, run.wrong);
    else if (run.wrong[0])
        printf("%s, %s not held: %s\n", event->name, held, run.wrong);
    else if (run.in_gap)
        printf("%s, %s held in the gap, at boundary %d (%s of %s): stopped, though it was continued\n",
               event->name, held, n, run.entry ? "entry" : "exit", call_name(run.call));
    fflush(stdout);
    return run.let_go;
}

int main(int argc, char **argv)
{
    int first = 1, last = 100000, stride = 1, option, most = 0, wrongs = 0, gaps = 0, runs = 0;
    int late = 0;
    if (argc == 5 && strcmp(argv[1], "command") == 0)
        return be_command(argv);
    while ((option = getopt(argc, argv, "+n:l:s:")) != -1)
        *(option == 'n' ? &first : option == 'l' ? &last : &stride) = atoi(optarg);
    for (int i = 0; argc - optind >= 3 && i < NEVENTS; i++)
        if (strcmp(EVENTS[i].name, argv[optind]) == 0)
            event = &EVENTS[i];
    if (!event || stride < 1) {
        fputs("usage: hold-boundaries [-n FIRST] [-l LAST] [-s STRIDE] EVENT HELD PROGRAM...\n", stderr);
        return 99;
    }
    const char *held = argv[optind + 1];
    role = strcmp(held, "inner") == 0 ? INNER : OUTER;
    become_shell();
    /* A few more runs than boundaries: their number differs a little from run to run. */
    for (int n = first; n <= last && late < 3; n += stride, runs++) {
        if (one_run(held, n, argv + optind + 2))
            most = n, late = 0;
        else
            late++;
        wrongs += run.wrong[0] != 0;
        gaps += run.in_gap;
    }
    printf("%s, %s held at each boundary: %d boundaries, %d runs, %d wrong, %d in the gap\n", event->name,
           held, most, runs, wrongs, gaps);
    return 0;
}

/* check: the command of a machine whose init is tiny-reaper. Holds what tiny-reaper promises against this
 * kernel and this architecture: as the machine's init, below it as two processes and as one (-G), and as PID
 * 1 of a namespace. Writes "ok ..." or "not ok ..." for each, at last "N passed, N failed", and has the
 * machine powered off. Static; needs nothing else in the machine but /tiny-reaper, /leftovers and
 * /kill-boundaries. `check ROLE ...` is what runs under tiny-reaper. */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE = 60 }; /* seconds for anything that is to happen: an emulated machine is slow */
enum form { DIRECT, GUARDED, SINGLE, PID1, FORMS };
static const char *const FORM[] = {"without", "two processes", "-G", "PID 1"};

struct job {
    enum form form;
    const char *const *argv;
    pid_t pid;
    int out, in, status; /* out: the end to read of what everybody below has as standard output and error; in:
                            theirs */
    int ready, at_ready; /* the same of descriptor 9, to which /leftovers writes when all are in place */
    int patience;
    bool left; /* left: when tiny-reaper was gone, somebody still held its output */
    size_t length;
    char text[16384]; /* what was read from out */
};

static int passed, failed;
static char who[2000]; /* who was left, where somebody was */
static double started;

/* ---------------------------------------------------------------- small things */

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void pause_for(double seconds)
{
    nanosleep(&(struct timespec){(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)}, NULL);
}

/* One line of the result; TEXT is shown where it is not GOOD. */
static void judge(bool good, const char *text, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    printf("%s - ", good ? "ok" : "not ok");
    vprintf(format, list);
    va_end(list);
    printf(" (%.1f s)\n", now() - started);
    for (const char *end, *most = text ? text + 1500 : NULL; !good && text && *text && text < most;
         text = *end ? end + 1 : end) {
        end = text + strcspn(text, "\n");
        printf("  | %.*s\n", (int)(end - text), text);
    }
    if (!good)
        printf("%s", who);
    *who = 0;
    *(good ? &passed : &failed) += 1;
}

/* All of a file of /proc, or "". */
static const char *contents(const char *format, ...)
{
    static char buffer[65536];
    char path[200];
    va_list list;
    ssize_t n;
    size_t length = 0;

    va_start(list, format);
    vsnprintf(path, sizeof path, format, list);
    va_end(list);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && (n = read(fd, buffer + length, sizeof buffer - 1 - length)) > 0)
        length += (size_t)n;
    if (fd >= 0)
        close(fd);
    buffer[length] = 0;
    return buffer;
}

static bool write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

    if (fd >= 0)
        close(fd);
    return written;
}

/* State and parent of a process; state 0: there is none. */
static char state_of(pid_t pid, pid_t *parent)
{
    const char *stat = contents("/proc/%d/stat", (int)pid), *end = strrchr(stat, ')');
    char state = 0;
    int ppid = 0;

    if (!end || sscanf(end + 1, " %c %d", &state, &ppid) != 2)
        return 0;
    if (parent)
        *parent = ppid;
    return state;
}

/* How many there are that are neither init, nor we, nor the kernel's; with a signal: sends it to them. */
static int strays(int sig)
{
    DIR *proc = opendir("/proc");
    int count = 0;

    for (struct dirent *e; proc && (e = readdir(proc));) {
        pid_t pid = (pid_t)atoi(e->d_name), parent = 0;

        if (pid <= 2 || pid == getpid() || !state_of(pid, &parent) || parent == 2 || parent == 0)
            continue;
        count++;
        if (sig)
            kill(pid, sig);
    }
    closedir(proc);
    return count;
}

/* Who they are, for a failed check. */
static void name_strays(void)
{
    DIR *proc = opendir("/proc");

    for (struct dirent *e; proc && (e = readdir(proc));) {
        pid_t pid = (pid_t)atoi(e->d_name), parent = 0;
        char state = pid > 2 && pid != getpid() ? state_of(pid, &parent) : 0;
        size_t used = strlen(who);

        if (state && parent != 2 && parent != 0)
            snprintf(who + used, sizeof who - used, "  > left: pid %d, parent %d, state %c, %s", (int)pid,
                     (int)parent, state, contents("/proc/%d/comm", (int)pid));
    }
    closedir(proc);
}

/* Nobody is left, no zombie either, at the latest a little later: init has to reap. */
static bool all_gone(void)
{
    double deadline = now() + PATIENCE;

    while (strays(0) > 0)
        if (now() > deadline) {
            name_strays();
            strays(SIGKILL);
            pause_for(1);
            return false;
        } else {
            pause_for(0.01);
        }
    return true;
}

static pid_t child_of(pid_t parent)
{
    return (pid_t)atoi(contents("/proc/%d/task/%d/children", (int)parent, (int)parent));
}

/* ---------------------------------------------------------------- running tiny-reaper */

static int child(void *argument)
{
    struct job *job = argument;
    const char *argv[40];
    int n = 0;

    if (job->form == PID1 &&
        (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) || mount("proc", "/proc", "proc", 0, NULL)))
        _exit(98);
    if (job->form != DIRECT)
        argv[n++] = "/tiny-reaper";
    if (job->form == SINGLE)
        argv[n++] = "-G";
    for (const char *const *word = job->argv; (argv[n++] = *word); word++)
        continue;
    dup2(open("/dev/null", O_RDONLY), 0);
    dup2(job->in, 1);
    dup2(job->in, 2);
    dup2(job->at_ready, 9);
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &(uint64_t){0}, NULL, sizeof(uint64_t));
    execv(argv[0], (char *const *)argv);
    _exit(99);
}

static void launch(struct job *job, enum form form, const char *const *argv)
{
    static char stack[65536] __attribute__((aligned(16)));
    int fds[2], ready[2];

    memset(job, 0, sizeof *job);
    job->form = form;
    job->argv = argv;
    job->patience = PATIENCE;
    if (pipe2(fds, O_CLOEXEC) < 0 || pipe2(ready, O_CLOEXEC) < 0)
        exit(97);
    job->out = fds[0];
    job->in = fds[1];
    job->ready = ready[0];
    job->at_ready = ready[1];
    fcntl(fds[0], F_SETFL, O_NONBLOCK);
    job->pid =
        clone(child, stack + sizeof stack, (form == PID1 ? CLONE_NEWPID | CLONE_NEWNS : 0) | SIGCHLD, job);
    close(fds[1]);
    close(ready[1]);
    if (job->pid < 0)
        perror("clone");
}

/* Reads what there is; false: the end. */
static bool drain(struct job *job)
{
    ssize_t n;

    while ((n = read(job->out, job->text + job->length, sizeof job->text - 1 - job->length)) > 0)
        job->length += (size_t)n;
    return n < 0;
}

/* Waits until TEXT was written. */
static bool says(struct job *job, const char *text)
{
    double deadline = now() + PATIENCE;

    do {
        bool more = drain(job);

        if (strstr(job->text, text))
            return true;
        if (!more)
            return false;
        poll(&(struct pollfd){job->out, POLLIN, 0}, 1, 100);
    } while (now() < deadline);
    return false;
}

/* Waits for its end. Who then still holds the output was left. */
static int finish(struct job *job)
{
    double deadline = now() + job->patience;

    while (waitpid(job->pid, &job->status, WNOHANG) == 0) {
        if (now() > deadline) {
            judge(false, job->text, "%s: no end in %d s", job->argv[0], job->patience);
            strays(SIGKILL);
            waitpid(job->pid, &job->status, 0);
            break;
        }
        drain(job);
        poll(&(struct pollfd){job->out, POLLIN, 0}, 1, 5);
    }
    job->left = drain(job);
    if (job->left)
        name_strays();
    close(job->out);
    close(job->ready);
    return WIFSIGNALED(job->status) ? -WTERMSIG(job->status) : WEXITSTATUS(job->status);
}

/* Nothing was left when it ended; if there was, it is gone now, and troubles no check that comes. */
static bool nothing_left(const struct job *job)
{
    if (!job->left)
        return all_gone();
    for (double deadline = now() + PATIENCE; strays(SIGKILL) > 0 && now() < deadline;)
        pause_for(0.01);
    return false;
}

#define ARGV(...) ((const char *const[]){__VA_ARGS__, NULL})

static int run(struct job *job, enum form form, const char *const *argv)
{
    launch(job, form, argv);
    return finish(job);
}

/* ---------------------------------------------------------------- statuses */

static void statuses(enum form form)
{
    static const struct {
        const char *what, *argv[8];
        int status;
    } RUNS[] = {
        {"the command's status", {"/check", "exit", "7"}, 7},
        {"a death by TERM", {"/check", "die", "15"}, -15},
        {"a death by SEGV", {"/check", "die", "11"}, -11},
        {"a death by a real-time signal", {"/check", "die", "50"}, -50},
        {"not found", {"/no-such-command"}, 127},
        {"a folder cannot be run", {"/tmp"}, 126},
        {"an executable of another machine", {"/tmp/foreign"}, 126},
        {"an option that is none", {"--no-such-option"}, 125},
        {"the limit", {"-t", "300ms", "/check", "wait"}, 124},
        {"the limit, and TERM is ignored", {"-t", "300ms", "-k", "300ms", "/check", "ignore"}, 137},
        {"the limit, with -p", {"-p", "-t", "300ms", "/check", "wait"}, -15},
        {"-e TERM", {"-e", "TERM", "/check", "die", "15"}, 0},
    };
    struct job job;

    int fd = open("/tmp/foreign", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
    if (write(fd, (char[64]){"\177ELF\1\1\1"}, 64) != 64)
        exit(97);
    close(fd);
    for (size_t i = 0; i < sizeof RUNS / sizeof *RUNS; i++) {
        int want = RUNS[i].status, got = run(&job, form, RUNS[i].argv);

        if (form == PID1 && want < 0)
            want = 128 - want;
        judge(got == want && !job.left, job.text, "%s: %s: %d%s", FORM[form], RUNS[i].what, got,
              job.left ? ", something left" : "");
    }
}

/* ---------------------------------------------------------------- transparency */

/* What a command can see of how it was started. */
static int state(char **argv)
{
    (void)argv;
    char link[256];

    for (const char *line = strtok((char *)contents("/proc/self/status"), "\n"); line;
         line = strtok(NULL, "\n"))
        if (strncmp(line, "SigQ", 4) != 0 && (strncmp(line, "Sig", 3) == 0 || strncmp(line, "NoNew", 5) == 0))
            printf("%s\n", line);
    printf("%s", contents("/proc/self/limits"));
    for (int fd = 0; fd < 64; fd++)
        if (fcntl(fd, F_GETFL) >= 0)
            printf("descriptor %d %x %x\n", fd, (unsigned)fcntl(fd, F_GETFL), (unsigned)fcntl(fd, F_GETFD));
    ssize_t n = readlink("/proc/self/cwd", link, sizeof link - 1);
    printf("in %.*s, niceness %d\n", (int)n, link, getpriority(PRIO_PROCESS, 0));
    for (char **variable = environ; *variable; variable++)
        printf("%s\n", *variable);
    return 0;
}

static void transparency(void)
{
    static char without[16384];
    struct job job;

    signal(SIGHUP, SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
    setenv("VARIABLE", "of the caller's", 1);
    for (enum form form = DIRECT; form < FORMS; form++) {
        run(&job, form, ARGV("/check", "state"));
        if (form == DIRECT)
            strcpy(without, job.text);
        else
            judge(strcmp(without, job.text) == 0 && strstr(without, "VARIABLE"), job.text,
                  "%s: what the command sees", FORM[form]);
    }
    signal(SIGHUP, SIG_DFL);
}

/* A kernel without close_range and without pwritev2: seccomp says that there are no such calls. */
struct instruction {
    uint16_t code;
    uint8_t yes, no;
    uint32_t k;
};
static int lacking(char **argv)
{
    struct instruction filter[] = {
        {0x20, 0, 0, 0}, /* load the call's number */
        {0x15, 1, 0, SYS_close_range},
        {0x15, 0, 1, SYS_pwritev2},
        {0x06, 0, 0, 0x00050000 | ENOSYS},
        {0x06, 0, 0, 0x7fff0000},
    };
    struct {
        unsigned short length;
        struct instruction *filter;
    } program = {5, filter};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, 2, &program) == 0 &&
        syscall(SYS_close_range, 1000, 1000, 0) < 0 && errno == ENOSYS)
        execv(argv[0], argv);
    return 99;
}

static int descriptors(pid_t pid)
{
    char path[64];
    int count = 0;

    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *folder = opendir(path);
    for (struct dirent *e; folder && (e = readdir(folder));)
        count += e->d_name[0] != '.';
    closedir(folder);
    return count;
}

/* Neither of the two holds a descriptor but standard error, with close_range and without. */
static void nothing_held(void)
{
    static const char *const WITH[] = {"/check", "lacking", "/tiny-reaper", "-vv", "/check", "wait", NULL};
    struct job job;

    for (int lacks = 0; lacks < 2; lacks++) {
        launch(&job, lacks ? DIRECT : GUARDED, WITH + (lacks ? 0 : 3));
        bool up = says(&job, "ready\n");
        int outer = 0, inner = 0;
        for (double deadline = now() + PATIENCE; now() < deadline && (outer != 1 || inner != 1);
             pause_for(0.01))
            outer = descriptors(job.pid), inner = descriptors(child_of(job.pid));
        kill(job.pid, SIGTERM);
        int status = finish(&job);
        judge(up && outer == 1 && inner == 1 && status == -SIGTERM && !job.left, job.text,
              "descriptors held%s: %d and %d", lacks ? ", without close_range and pwritev2" : "", outer,
              inner);
    }
}

/* ---------------------------------------------------------------- signals */

#ifndef SYS_rt_sigtimedwait
#define SYS_rt_sigtimedwait SYS_rt_sigtimedwait_time64
#endif

/* By the kernel's numbers, 1 to 64: the C library keeps some for itself. The mask of before. */
static uint64_t block(uint64_t mask)
{
    uint64_t before;

    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, &before, sizeof mask);
    return before;
}

/* The next signal of the mask, within so many seconds (-1: for ever); -1: none. Where only the call with
 * 64-bit times is there, that is 421. */
static int next_signal(uint64_t mask, int seconds)
{
    int64_t wide[2] = {seconds, 0};
    long narrow[2] = {seconds, 0};
    void *limit = SYS_rt_sigtimedwait == 421 ? (void *)wide : narrow;

    return (int)syscall(SYS_rt_sigtimedwait, &mask, NULL, seconds < 0 ? NULL : limit, sizeof mask);
}

/* Writes the number of each signal that it gets, and exits with 5 at USR1. */
static int log_signals(char **argv)
{
    (void)argv;
    int sig;

    block(~UINT64_C(0));
    for (printf("ready\n"); (sig = next_signal(~UINT64_C(0), -1)) != SIGUSR1;)
        if (sig > 0)
            printf("<%d>\n", sig);
    return 5;
}

static bool is_stop(int sig)
{
    return sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU;
}

/* Each of them once, in order; where nobody could continue it, a stop may be followed by a CONT. */
static void each_signal_once(enum form form)
{
    char want[16];
    struct job job;
    bool good;

    launch(&job, form, ARGV("/check", "log"));
    good = says(&job, "ready\n");
    for (int sig = 1; good && sig <= 64; sig++) {
        if (sig == SIGKILL || sig == SIGSTOP || sig == SIGUSR1)
            continue;
        snprintf(want, sizeof want, "<%d>\n", sig);
        good = kill(job.pid, sig) == 0 && says(&job, want);
    }
    kill(job.pid, SIGUSR1);
    good &= finish(&job) == 5 && !job.left;
    const char *at = strchr(job.text, '\n');
    for (int sig = 1, stopped = 0; good && sig <= 64; sig++) {
        if (sig == SIGKILL || sig == SIGSTOP || sig == SIGUSR1)
            continue;
        int got = atoi(at + 2);
        for (; stopped && got == SIGCONT; got = atoi(at + 2))
            at = strchr(at + 1, '\n');
        good = got == sig;
        at = strchr(at + 1, '\n');
        stopped = is_stop(sig);
    }
    judge(good && (!at || !at[1]), job.text, "%s: each signal of 1 to 64 once, in order", FORM[form]);
}

/* To the machine's init: it passes them to its command, which is us. */
static void signals_of_init(void)
{
    static const int SIGS[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGUSR1, SIGUSR2, SIGTERM, SIGWINCH,
                               SIGALRM, SIGPIPE, 32,      34,      50,      64};
    uint64_t mask = 0, before;
    bool good = true;

    for (size_t i = 0; i < sizeof SIGS / sizeof *SIGS; i++)
        mask |= UINT64_C(1) << (SIGS[i] - 1);
    before = block(mask);
    for (size_t i = 0; i < sizeof SIGS / sizeof *SIGS; i++)
        good &= kill(1, SIGS[i]) == 0 && next_signal(mask, PATIENCE) == SIGS[i];
    good &= next_signal(mask, 0) < 0;
    judge(good, NULL, "init: signals to it come here, each once");
    block(before);
    judge(strcmp(contents("/proc/1/comm"), "tiny-reaper\n") == 0 && getppid() == 1, contents("/proc/1/comm"),
          "init is tiny-reaper");
}

/* ---------------------------------------------------------------- what is left */

static bool ready(struct job *job)
{
    return poll(&(struct pollfd){job->ready, POLLIN, 0}, 1, PATIENCE * 1000) == 1;
}

static void leftovers(enum form form)
{
    struct job job;
    int status;

    status = run(&job, form,
                 ARGV("-k", "500ms", "/leftovers", "-x", "3", "child", "!child", "group", "!group", "session",
                      "!session", "daemon", "!daemon", "stopped", "nested:5", "many:20"));
    judge(status == 3 && nothing_left(&job), job.text, "%s: leftovers of every kind are gone: %d", FORM[form],
          status);
    launch(&job, form,
           ARGV("-k", "300ms", "/leftovers", "-w", "!child", "!group", "!session", "!daemon", "stopped",
                "!nested:5"));
    bool up = ready(&job);
    kill(job.pid, SIGTERM);
    status = finish(&job);
    judge(up && status == (form == PID1 ? 128 + SIGTERM : -SIGTERM) && nothing_left(&job), job.text,
          "%s: a TERM, and everything is gone: %d", FORM[form], status);
    status = run(&job, form, ARGV("-k", "300ms", "/leftovers", "-x", "4", "bomb:300"));
    judge(status == 4 && nothing_left(&job), job.text, "%s: 300 processes that ignore TERM are gone: %d",
          FORM[form], status);
}

/* ---------------------------------------------------------------- kill -9 */

static void killed_at_boundaries(const char *victim, const char *clock)
{
    struct job job;
    int boundaries = 0, runs = 0, status;

    launch(&job, DIRECT,
           ARGV("/kill-boundaries", victim, clock, "/tiny-reaper", "/leftovers", "-w", "session", "!daemon"));
    job.patience = 900;
    status = finish(&job);
    const char *colon = strstr(job.text, "boundary of ");
    colon = colon ? strchr(colon, ':') : NULL;
    if (colon)
        sscanf(colon + 1, " %d boundaries, %d runs", &boundaries, &runs);
    judge(status == 0 && boundaries >= 10 && strstr(job.text, ", 0 left, 0 zombies, 0 hung") && all_gone(),
          job.text, "%s killed at each of %d boundaries of %s", victim, boundaries, clock);
}

/* How long a start takes; after that everything is at rest. */
static double start_takes(void)
{
    struct job job;
    double begun = now();

    launch(&job, GUARDED, ARGV("/leftovers", "-w", "session", "!daemon", "group"));
    ready(&job);
    double took = now() - begun;
    kill(job.pid, SIGKILL);
    finish(&job);
    all_gone();
    return took;
}

/* kill -9 at random instants of the start and a little after; whatever had come into being is gone. */
static void killed_at_random(bool inner, int times)
{
    double span = 1.3 * start_takes(), deadline;
    int bad = 0;
    struct job job;

    for (int i = 0; i < times && bad < 3; i++) {
        launch(&job, GUARDED, ARGV("/leftovers", "-w", "session", "!daemon", "group"));
        pid_t victim = job.pid;
        for (deadline = now() + PATIENCE; inner && (victim = child_of(job.pid)) == 0 && now() < deadline;)
            sched_yield();
        pause_for(span * (double)(rand() % 1000) / 1000);
        kill(victim, SIGKILL);
        if (finish(&job) != -SIGKILL)
            bad++;
        /* Its death and that of what it had are not the same instant where it was the outer one that was
         * killed. */
        for (deadline = now() + PATIENCE; strays(0) > 0 && now() < deadline;)
            pause_for(0.002);
        if (strays(0) > 0)
            bad++, strays(SIGKILL);
    }
    judge(bad == 0, NULL, "%s killed at %d random instants of %.0f ms: %d bad", inner ? "inner" : "outer",
          times, span * 1e3, bad);
}

/* ---------------------------------------------------------------- the terminal: the console */

/* What runs on it: says what reaches it, and dies by INT. Two signals may come in one wait: each has its own. */
static volatile sig_atomic_t got_int, got_cont;
static void note(int sig)
{
    *(sig == SIGINT ? &got_int : &got_cont) = 1;
}

static int on_terminal(char **argv)
{
    (void)argv;
    struct sigaction action = {.sa_handler = note};
    sigset_t set, before;

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGCONT, &action, NULL);
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGCONT);
    sigprocmask(SIG_BLOCK, &set, &before);
    for (dprintf(9, "ready %d\n", (int)getpid());;) {
        sigsuspend(&before);
        if (got_cont)
            dprintf(9, "got %d\n", SIGCONT);
        got_cont = 0;
        if (got_int) {
            dprintf(9, "got %d\n", SIGINT);
            signal(SIGINT, SIG_DFL);
            sigprocmask(SIG_SETMASK, &before, NULL);
            return raise(SIGINT);
        }
    }
}

static bool is_typed(int console, char c)
{
    return ioctl(console, TIOCSTI, &c) == 0;
}

static bool has_terminal(int console, pid_t group)
{
    for (double deadline = now() + PATIENCE; now() < deadline; pause_for(0.01))
        if (tcgetpgrp(console) == group)
            return true;
    return false;
}

static bool runs(pid_t pid)
{
    for (double deadline = now() + PATIENCE; now() < deadline; pause_for(0.01))
        if (state_of(pid, NULL) != 'T')
            return true;
    return false;
}

struct terminal {
    int console;
    pid_t job, command;
    struct job *out;
};

static bool starts(struct terminal *t)
{
    int command = 0;

    if (!says(t->out, "\n") || sscanf(t->out->text, "ready %d", &command) != 1)
        return false;
    t->command = command;
    return has_terminal(t->console, getpgid(command));
}

static bool stops(struct terminal *t, int sig)
{
    int status;

    return waitpid(t->job, &status, WUNTRACED) == t->job && WIFSTOPPED(status) && WSTOPSIG(status) == sig &&
           state_of(t->command, NULL) == 'T';
}

/* What `fg` does, after the prompt. */
static bool goes_on(struct terminal *t)
{
    tcsetpgrp(t->console, getpgrp());
    tcsetpgrp(t->console, t->job);
    kill(-t->job, SIGCONT);
    return runs(t->command) && has_terminal(t->console, getpgid(t->command));
}

static bool is_interrupted(struct terminal *t)
{
    int status;

    return says(t->out, "got 2\n") && waitpid(t->job, &status, WUNTRACED) == t->job && WIFSIGNALED(status) &&
           WTERMSIG(status) == SIGINT;
}

/* A shell with job control: starts the job, stops it from the terminal and by STOP, continues it, interrupts
 * it. What failed, or NULL. */
static const char *shell(enum form form, int fds[2])
{
    struct job job = {.out = fds[0], .patience = PATIENCE};
    struct terminal t = {.out = &job};
    struct termios modes;

    signal(SIGTTOU, SIG_IGN);
    setsid();
    t.console = open("/dev/console", O_RDWR);
    if (ioctl(t.console, TIOCSCTTY, 0) < 0 || tcgetattr(t.console, &modes) < 0)
        return "there is a console";
    modes.c_lflag = (modes.c_lflag | ISIG | ICANON) & ~(tcflag_t)ECHO;
    tcsetattr(t.console, TCSANOW, &modes);
    if ((t.job = fork()) == 0) {
        setpgid(0, 0);
        tcsetpgrp(t.console, getpgrp());
        signal(SIGTTOU, SIG_DFL);
        dup2(t.console, 0), dup2(t.console, 1), dup2(t.console, 2), dup2(fds[1], 9);
        execl("/tiny-reaper", "tiny-reaper", form == SINGLE ? "-G" : "--timeout=0", "/check", "on-terminal",
              NULL);
        _exit(99);
    }
    setpgid(t.job, t.job);
    fcntl(fds[0], F_SETFL, O_NONBLOCK);
    close(fds[1]);
    return !starts(&t)                                       ? "the command has the terminal"
           : !is_typed(t.console, 26) || !stops(&t, SIGTSTP) ? "Ctrl-Z stops the job"
           : !goes_on(&t) || !says(&job, "got 18\n")         ? "fg continues it, and gives it the terminal"
           : kill(t.command, SIGSTOP) < 0 || !stops(&t, SIGSTOP) ? "its STOP stops the job"
           : !goes_on(&t)                                        ? "fg continues it after STOP"
           : !is_typed(t.console, 3) || !is_interrupted(&t)      ? "Ctrl-C ends it"
           : tcgetpgrp(t.console) != t.job                       ? "the job has the terminal again"
                                                                 : NULL;
}

static void terminal(enum form form)
{
    int fds[2], out[2], status;
    char text[200] = "";
    pid_t pid;

    if (pipe2(fds, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
        exit(97);
    if ((pid = fork()) == 0) {
        alarm(5 * PATIENCE);
        const char *failed_at = shell(form, fds);
        if (failed_at)
            dprintf(out[1], "not so: %s", failed_at);
        _exit(failed_at != NULL);
    }
    close(fds[0]), close(fds[1]), close(out[1]);
    waitpid(pid, &status, 0);
    if (read(out[0], text, sizeof text - 1) < 0)
        text[0] = 0;
    close(out[0]);
    judge(status == 0 && all_gone(), text, "%s: Ctrl-Z, fg, STOP, Ctrl-C on the console", FORM[form]);
}

/* ---------------------------------------------------------------- JSON: enough to know that a report is some
 */

static const char *blank(const char *p)
{
    return p + strspn(p, " \t\n");
}

/* Each of these returns what follows, or NULL. */
static const char *string(const char *p)
{
    if (*p++ != '"')
        return NULL;
    for (; *p != '"'; p++) {
        if ((unsigned char)*p < ' ')
            return NULL;
        if (*p == '\\' && (!*++p || !strchr("\"\\/bfnrtu", *p)))
            return NULL;
        if (p[-1] == '\\' && *p == 'u' && strspn(p + 1, "0123456789abcdefABCDEF") < 4)
            return NULL;
    }
    return p + 1;
}

static const char *value(const char *p)
{
    static const char *const WORDS[] = {"true", "false", "null"};
    size_t n;

    p = blank(p);
    if (*p == '"')
        return string(p);
    for (size_t i = 0; i < 3; i++)
        if (strncmp(p, WORDS[i], strlen(WORDS[i])) == 0)
            return p + strlen(WORDS[i]);
    if (*p != '{' && *p != '[')
        return (n = strspn(p, "-+.eE0123456789")) > 0 ? p + n : NULL;
    char close = *p == '{' ? '}' : ']';
    if (*(p = blank(p + 1)) == close)
        return p + 1;
    for (;; p++) {
        if (close == '}' && (!(p = string(blank(p))) || *(p = blank(p)) != ':'))
            return NULL;
        if (!(p = value(p + (close == '}'))))
            return NULL;
        if (*(p = blank(p)) == close)
            return p + 1;
        if (*p != ',')
            return NULL;
    }
}

/* The value of KEY in an object that is valid; NULL: it has none. */
static const char *member(const char *p, const char *key)
{
    if (!p || *p != '{')
        return NULL;
    for (p = blank(p + 1); *p == '"'; p = blank(p + 1)) {
        const char *after = string(p), *at = blank(blank(after) + 1);

        if ((size_t)(after - p) == strlen(key) + 2 && strncmp(p + 1, key, strlen(key)) == 0)
            return at;
        p = blank(value(at));
        if (*p != ',')
            return NULL;
    }
    return NULL;
}

/* The Nth element of an array, or NULL. */
static const char *element(const char *p, int n)
{
    if (!p || *p != '[' || *(p = blank(p + 1)) == ']')
        return NULL;
    for (; n > 0; n--) {
        p = blank(value(p));
        if (*p != ',')
            return NULL;
        p = blank(p + 1);
    }
    return p;
}

/* Is that value, literally, TEXT? */
static bool is(const char *p, const char *text)
{
    return p && value(p) == p + strlen(text) && strncmp(p, text, strlen(text)) == 0;
}

static bool within(const char *p, const char *text)
{
    const char *end = p ? value(p) : NULL, *found = p ? strstr(p, text) : NULL;

    return found && end && found + strlen(text) <= end;
}

/* ---------------------------------------------------------------- the report */

/* Runs with -o; the report's text, if it is one line of valid JSON. */
static const char *report(struct job *job, enum form form, const char *const *argv)
{
    const char *all[40] = {"-o", "/tmp/report"}, *text, *end;
    int n = 2;

    while ((all[n++] = *argv++))
        continue;
    unlink("/tmp/report");
    run(job, form, all);
    text = contents("/tmp/report");
    end = value(text);
    return end && strcmp(end, "\n") == 0 ? text : NULL;
}

static void reports(enum form form)
{
    static const char *const KEYS[] = {
        "version",    "command",    "pid",         "started", "wall_s",    "user_s",    "sys_s",
        "max_rss_kb", "outcome",    "status",      "signal",  "escalated", "forwarded", "reaped",
        "ended",      "oom_killed", "core_dumped", "senders", "left",
    };
    char missing[300] = "";
    struct job job;
    const char *r = report(&job, form, ARGV("/leftovers", "-x", "3", "daemon", "\001\"\\\xff\n:1"));

    judge(r && is(member(r, "outcome"), "\"exited\""), contents("/tmp/report"),
          "%s: the report is one line of JSON", FORM[form]);
    for (size_t i = 0; r && i < sizeof KEYS / sizeof *KEYS; i++)
        if (!member(r, KEYS[i])) {
            strcat(missing, " ");
            strcat(missing, KEYS[i]);
        }
    judge(r && !*missing, r, "%s: the report has each field, without:%s", FORM[form], missing);
    r = report(&job, form, ARGV("-t", "300ms", "-k", "200ms", "/check", "ignore"));
    judge(is(member(r, "outcome"), "\"timed-out\"") && is(member(r, "status"), "137") &&
              is(member(r, "escalated"), "true") && is(member(r, "signal"), "\"KILL\""),
          contents("/tmp/report"), "%s: the report of a limit with KILL", FORM[form]);
    r = report(&job, form, ARGV("/check", "spend"));
    double user = r ? atof(member(r, "user_s")) : 0, wall = r ? atof(member(r, "wall_s")) : 0,
           rss = r ? atof(member(r, "max_rss_kb")) : 0;
    judge(user > 0.1 && wall > 0.1 && user < wall * 1.5 + 1 && rss > 8000 && rss < 30000,
          contents("/tmp/report"), "%s: the report's figures: user %.3f, wall %.3f, rss %.0f", FORM[form],
          user, wall, rss);
}

/* Two tenths of a second of its own time, 8 MB. */
static int spend(char **argv)
{
    (void)argv;
    static char memory[8 << 20];
    struct rusage used;

    do {
        memset(memory, 1, sizeof memory);
        getrusage(RUSAGE_SELF, &used);
    } while (used.ru_utime.tv_sec == 0 && used.ru_utime.tv_usec < 200000);
    return 0;
}

/* ---------------------------------------------------------------- the picture of a hang */

static int descriptors_of_pipe[2];
static char much[4 << 20]; /* more than a pipe takes, also where its 16 pages have 64 kB each */
static const uint64_t NO_SIGNALS;

/* Each waits for ever in one system call, by its number. */
static void in_read(void)
{
    syscall(SYS_read, descriptors_of_pipe[0], much, 1L);
}
static void in_write(void)
{
    syscall(SYS_write, descriptors_of_pipe[1], much, sizeof much);
}
static void in_wait4(void)
{
    if (fork() == 0)
        pause();
    syscall(SYS_wait4, -1L, NULL, 0L, NULL);
}
static void in_futex(void)
{
    static int word;

    syscall(SYS_futex, &word, 0L, 0L, NULL);
}
static void in_flock(void)
{
    syscall(SYS_flock, open("/tmp/lock", O_RDWR), (long)LOCK_EX);
}
static void in_openat(void)
{
    syscall(SYS_openat, (long)AT_FDCWD, "/tmp/fifo", (long)O_RDONLY);
}
static void in_ppoll(void)
{
    syscall(SYS_ppoll, &(struct pollfd){descriptors_of_pipe[0], POLLIN, 0}, 1L, NULL, NULL,
            sizeof NO_SIGNALS);
}
static void in_pselect6(void)
{
    fd_set set;

    FD_ZERO(&set);
    FD_SET(descriptors_of_pipe[0], &set);
    syscall(SYS_pselect6, descriptors_of_pipe[0] + 1L, &set, NULL, NULL, NULL, NULL);
}
static void in_epoll_pwait(void)
{
    struct epoll_event event = {.events = EPOLLIN};
    int fd = epoll_create1(0);

    epoll_ctl(fd, EPOLL_CTL_ADD, descriptors_of_pipe[0], &event);
    syscall(SYS_epoll_pwait, fd, &event, 1L, -1L, NULL, sizeof NO_SIGNALS);
}
static void in_nanosleep(void)
{
    syscall(SYS_nanosleep, (long[2]){86400, 0}, NULL);
}
static void in_rt_sigsuspend(void)
{
    syscall(SYS_rt_sigsuspend, &NO_SIGNALS, sizeof NO_SIGNALS);
}
static void in_recvfrom(void)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0)
        syscall(SYS_recvfrom, pair[0], much, 1L, 0L, NULL, NULL);
}

static const struct {
    const char *call, *file; /* what the report is to name; NULL: no file, or none that is known here */
    void (*wait)(void);
} HANGS[] = {
    {"read", "\"pipe:[", in_read},
    {"write", "\"pipe:[", in_write},
    {"wait4", NULL, in_wait4},
    {"futex", NULL, in_futex},
    {"flock", "\"/tmp/lock\"", in_flock},
    {"openat", "\"/tmp/fifo\"", in_openat},
    {"ppoll", NULL, in_ppoll},
    {"pselect6", "\"pipe:[", in_pselect6},
    {"epoll_pwait", "\"anon_inode:[eventpoll]\"", in_epoll_pwait},
    {"nanosleep", NULL, in_nanosleep},
    {"rt_sigsuspend", NULL, in_rt_sigsuspend},
    {"recvfrom", "\"unix", in_recvfrom},
};

static int blocked(char **argv)
{
    if (pipe(descriptors_of_pipe) < 0)
        return 97;
    for (size_t i = 0; i < sizeof HANGS / sizeof *HANGS; i++)
        if (strcmp(argv[0], HANGS[i].call) == 0)
            HANGS[i].wait();
    return 96;
}

static int hang(char **argv)
{
    flock(open("/tmp/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0666), LOCK_EX);
    mkfifo("/tmp/fifo", 0666);
    for (size_t i = 0; i < sizeof HANGS / sizeof *HANGS; i++)
        if (strcmp(HANGS[i].call, argv[0]) == 0 && fork() == 0)
            execl("/check", "/check", "blocked", HANGS[i].call, NULL);
    while (wait(NULL) > 0)
        continue;
    return 0;
}

/* The thread in a report that is to wait in CALL; NULL: it is not there. *AT: its process. */
static const char *thread_blocked_in(const char *report, const char *call, const char **at)
{
    char role[40];
    const char *running = member(report, "running"), *p;

    snprintf(role, sizeof role, "blocked %s", call);
    for (int n = 0; (p = element(running, n)) && !within(member(p, "command"), role); n++)
        continue;
    *at = p;
    return element(member(p, "threads"), 0);
}

enum { LOOKS = 30 }; /* at most: on a busy host an emulated machine has time for few of them */

/*
 * One look at a hang: 1, all of it is in the report; 0, there was no time for it; -1, it is said wrongly. *AT: where
 * in the report it stands.
 */
static int look_at_hang(size_t i, struct job *job, const char **at)
{
    char call[40];
    const char *r = report(job, GUARDED, ARGV("-v", "-t", "2", "/check", "hang", (char *)HANGS[i].call));
    const char *t = thread_blocked_in(r, HANGS[i].call, at);

    snprintf(call, sizeof call, "\"%s\"", HANGS[i].call);
    if (!is(member(t, "call"), call))
        return 0; /* it may not have come to that yet */
    if (HANGS[i].file && strcmp(HANGS[i].call, "openat") != 0 && atoi(member(t, "fd")) <= 2)
        return -1;
    if (HANGS[i].file && !within(member(t, "file"), HANGS[i].file))
        return 0;
    bool waits = strcmp(HANGS[i].call, "wait4") == 0 || strcmp(HANGS[i].call, "flock") == 0;
    return !waits || element(member(t, "waits_for"), 0) != NULL;
}

/* Does it say that two wait for each other? *SEEN: or at least that each waits for somebody. */
static bool says_circle(const struct job *job, const char *report, bool *seen)
{
    int waiting = 0;

    for (int i = 0; i < 2; i++) {
        const char *p = element(member(report, "running"), i);

        waiting += element(member(element(member(p, "threads"), 0), "waits_for"), 0) != NULL;
    }
    *seen |= waiting == 2;
    return element(element(member(report, "cycles"), 0), 1) && strstr(job->text, "wait for each other");
}

static void picture_of_a_hang(void)
{
    struct job job;
    const char *r, *p;

    /*
     * One at a time: the picture may take a tenth of a second, in which an emulated machine does not come far. What there
     * was no time for is left out, and looked at once more; nothing false is ever said.
     */
    for (size_t i = 0; i < sizeof HANGS / sizeof *HANGS; i++) {
        int seen = 0;
        for (int n = 0; n < LOOKS && seen == 0; n++)
            seen = look_at_hang(i, &job, &p);
        judge(seen == 1, p, "the picture of a hang: %s", HANGS[i].call);
    }
    /* What there was no time to prove is not said: on an emulated machine the picture has to do, that each waits for the other. */
    bool said = false, seen = false;
    for (int n = 0; n < LOOKS && !said && !(seen && n >= 4); n++) {
        r = report(&job, GUARDED, ARGV("-v", "-t", "2", "/check", "circle"));
        said = says_circle(&job, r, &seen);
    }
    judge(said || seen, job.text, "the picture of a hang: a circle of two%s", said ? "" : ", seen but not proved");
}

/* A process of 32 bits on a kernel of 64, which has it: its numbers of system calls mean others, and none is named. */
static void picture_of_32_bits(void)
{
    struct job job;
    bool good = true, seen = false;

    if (access("/of32", X_OK) < 0)
        return;
    for (int n = 0; n < LOOKS && good && !seen; n++) {
        const char *r = report(&job, GUARDED, ARGV("-v", "-t", "2", "/check", "of32"));
        const char *t = element(member(element(member(r, "running"), 0), "threads"), 0);
        seen = is(member(t, "state"), "\"S\"");
        good = !t || (is(member(t, "call"), "null") && is(member(t, "fd"), "null") && is(member(t, "file"), "null") &&
                      !element(member(t, "waits_for"), 0));
    }
    judge(good && seen, contents("/tmp/report"), "the picture of a hang: a process of 32 bits");
}

static int of32(char **argv)
{
    (void)argv;
    mkfifo("/tmp/fifo", 0666);
    if (dup2(open("/tmp/fifo", O_RDWR), 0) != 0)
        return 97;
    execl("/of32", "/of32", NULL);
    return 99;
}

/* Any other user than root, who may do more than others. */
static int user(char **argv)
{
    if (setgroups(0, NULL) < 0 || setresgid(1000, 1000, 1000) < 0 || setresuid(1000, 1000, 1000) < 0)
        return 97;
    execv(argv[0], argv);
    return 99;
}

static const char *report_of_user(struct job *job, const char *role, const char *what)
{
    unlink("/tmp/report");
    run(job, DIRECT,
        ARGV("/check", "user", "/tiny-reaper", "-v", "-t", "2", "-o", "/tmp/report", "/check", role, what));
    return contents("/tmp/report");
}

/*
 * What a user sees of a hang under Yama. With 1, as on Ubuntu, only an ancestor may look: the supervisor reads the
 * system call, but nobody the process's memory, where the path is. With 2 nobody may: nothing is guessed.
 */
static void as_user_under_yama(void)
{
    static const char *const CALLS[] = {NULL, "\"openat\"", "null"};
    struct job job;
    const char *p = NULL, *t, *r;

    unlink("/tmp/lock"), unlink("/tmp/fifo");
    for (int scope = 1; scope <= 2; scope++) {
        bool good = write_file("/proc/sys/kernel/yama/ptrace_scope", scope == 1 ? "1" : "2"), seen = false;
        for (int n = 0; n < LOOKS && good && !seen; n++) {
            t = thread_blocked_in(report_of_user(&job, "hang", "openat"), "openat", &p);
            seen = is(member(t, "call"), CALLS[scope]);
            good = !t || ((seen || is(member(t, "call"), "null")) && is(member(t, "file"), "null") &&
                          !element(member(t, "waits_for"), 0));
        }
        judge(good && seen, contents("/tmp/report"), "Yama %d: openat", scope);
        bool said = false, waits = false;
        for (int n = 0; n < LOOKS && !said && !(n >= 4 && (waits || scope == 2)); n++) {
            r = report_of_user(&job, "circle", NULL);
            said = says_circle(&job, r, &waits);
        }
        judge(scope == 1 ? said || waits : !said && !waits, job.text, "Yama %d: a circle of two", scope);
    }
    write_file("/proc/sys/kernel/yama/ptrace_scope", "0");
}

/* Waits for its child, which waits for the pipe that it holds. */
static int circle(char **argv)
{
    (void)argv;
    int fds[2];
    char byte;

    if (pipe(fds) < 0)
        return 97;
    if (fork() == 0) {
        close(fds[1]);
        return (int)read(fds[0], &byte, 1);
    }
    wait(NULL);
    return 0;
}

/* ---------------------------------------------------------------- out of memory */

/* Takes memory until it is killed. */
static int hog(char **argv)
{
    (void)argv;
    for (int i = 0; i < 512; i++)
        memset(malloc(1 << 20), i + 1, 1 << 20);
    return 0;
}

static int boxed(char **argv)
{
    write_file("/sys/fs/cgroup/box/cgroup.procs", "0");
    execv(argv[0], argv);
    return 99;
}

static void out_of_memory(void)
{
    struct job job;

    mkdir("/sys/fs/cgroup", 0755);
    if (mount("cgroup2", "/sys/fs/cgroup", "cgroup2", 0, NULL) < 0 ||
        !write_file("/sys/fs/cgroup/cgroup.subtree_control", "+memory") ||
        mkdir("/sys/fs/cgroup/box", 0755) < 0 || !write_file("/sys/fs/cgroup/box/memory.max", "24M")) {
        judge(false, contents("/sys/fs/cgroup/cgroup.controllers"), "a cgroup of v2 with a memory limit");
        return;
    }
    for (int hogs = 0; hogs < 2; hogs++) {
        unlink("/tmp/report");
        int status = run(&job, DIRECT,
                         ARGV("/check", "boxed", "/tiny-reaper", "-v", "-o", "/tmp/report", "/check",
                              hogs ? "hog" : "exit", "3"));
        const char *r = contents("/tmp/report");
        judge(status == (hogs ? -SIGKILL : 3) && is(member(r, "oom_killed"), hogs ? "true" : "false"), r,
              "out of memory: %s", hogs ? "yes" : "no");
        if (hogs)
            judge(strstr(job.text, "out of memory"), job.text, "out of memory: -v says so");
    }
    all_gone();
    rmdir("/sys/fs/cgroup/box");
}

/* ---------------------------------------------------------------- main */

static _Noreturn void wait_here(bool ignoring)
{
    signal(SIGTERM, ignoring ? SIG_IGN : SIG_DFL);
    for (printf("ready\n");;)
        pause();
}

static int exits(char **argv)
{
    return atoi(argv[0]);
}
static int dies(char **argv)
{
    return raise(atoi(argv[0]));
}
static int waits(char **argv)
{
    (void)argv;
    wait_here(false);
}
static int ignores(char **argv)
{
    (void)argv;
    wait_here(true);
}

/* What runs under tiny-reaper, by name, with what follows the name. */
static int play(char **argv)
{
    static const struct {
        const char *name;
        int (*role)(char **argv);
    } ROLES[] = {
        {"exit", exits},      {"die", dies},
        {"wait", waits},      {"ignore", ignores},
        {"state", state},     {"log", log_signals},
        {"lacking", lacking}, {"boxed", boxed},
        {"blocked", blocked}, {"on-terminal", on_terminal},
        {"spend", spend},     {"hang", hang},
        {"circle", circle},   {"hog", hog},
        {"user", user},       {"of32", of32},
    };

    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t i = 0; i < sizeof ROLES / sizeof *ROLES; i++)
        if (strcmp(argv[0], ROLES[i].name) == 0)
            return ROLES[i].role(argv + 1);
    return 95;
}

static void prepare(void)
{
    struct utsname name;
    int one = 1;

    mkdir("/proc", 0755), mkdir("/sys", 0755), mkdir("/tmp", 01777), mkdir("/dev", 0755);
    mount("proc", "/proc", "proc", 0, NULL);
    mount("sysfs", "/sys", "sysfs", 0, NULL);
    mount("tmpfs", "/tmp", "tmpfs", 0, NULL);
    mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
    setenv("READY", "9", 1);
    started = now();
    uname(&name);
    printf("machine: Linux %s %s, %zu bits, bytes in %s order, pages of %ld\n", name.release, name.machine,
           8 * sizeof(long), *(char *)&one ? "little-endian" : "big-endian", sysconf(_SC_PAGESIZE));
}

int main(int argc, char **argv)
{
    int times = argc > 2 ? atoi(argv[2]) : 200;

    if (argc > 1 && strcmp(argv[1], "all") != 0)
        return play(argv + 1);
    setvbuf(stdout, NULL, _IOLBF, 0);
    prepare();
    signals_of_init();
    for (enum form form = GUARDED; form < FORMS; form++) {
        statuses(form);
        each_signal_once(form);
        leftovers(form);
        reports(form);
    }
    transparency();
    nothing_held();
    terminal(GUARDED);
    terminal(SINGLE);
    picture_of_a_hang();
    picture_of_32_bits();
    as_user_under_yama();
    out_of_memory();
    killed_at_boundaries("outer", "outer");
    killed_at_boundaries("inner", "inner");
    killed_at_random(false, times / 2);
    killed_at_random(true, times / 2);
    printf("%d passed, %d failed\n", passed, failed);
    /* By the way that an engine would take: init is told, and tells us. */
    block(1 << (SIGTERM - 1));
    kill(1, SIGTERM);
    if (next_signal(1 << (SIGTERM - 1), PATIENCE) != SIGTERM)
        printf("init does not pass on TERM\n");
    sync();
    reboot(RB_POWER_OFF);
    for (;;)
        pause();
}

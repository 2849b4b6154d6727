/*
 * tty-user MODE [NAME]: uses the terminal (/dev/tty, whatever 0 to 2 are), and says there what it finds,
 * always in <>.
 *   talk    two processes of one group that count signals; answers each line: `quit` ends it, `stop` stops
 *           the group as an editor would, `freeze` as another one does (by STOP), `raw` and `cooked` set
 *           the modes, `catch` lets the first process, and not the second, catch TSTP, `leave` leaves a
 *           sleeping process in a session of its own; anything else is answered by what is known
 *   wait    says that it is there, and waits for a signal, with no handler
 *   handle  ... and at the first INT, QUIT or HUP ends by itself, with the status after NAME
 *   ask     asks as for a password: no echo, input typed too early thrown away; the answer goes to standard
 *           output
 *   read    reads a line, without touching the modes; with the name of a signal after NAME it says when
 *           that one comes, and a CONT, and reads on
 *   after   reads standard input to its end (and then NAME's FIFO, if there is one), then asks
 *   where   says whether it is in the foreground
 *   job     runs the command after NAME, as a script would, counts the signals that come meanwhile, and
 *           says how often which has come; if NAME is a path, there too
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static const struct { int number; const char *name; } SIGNALS[] = {
    {SIGINT, "INT"}, {SIGQUIT, "QUIT"}, {SIGWINCH, "WINCH"}, {SIGCONT, "CONT"},
    {SIGHUP, "HUP"}, {SIGTERM, "TERM"}, {SIGTSTP, "TSTP"}, {SIGTTIN, "TTIN"}, {SIGTTOU, "TTOU"},
};
enum { NSIGNALS = sizeof SIGNALS / sizeof SIGNALS[0], ALWAYS = 6 };    /* others: on demand */

static int tty;
static const char *name;
static volatile int (*counts)[NSIGNALS];    /* of the two processes */
static volatile int *own;
static int end_status;
static int to_second[2], to_first[2];

static void say(const char *format, ...)
{
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (write(tty, line, (size_t)n) < 0)
        exit(9);
}

static int in_foreground(void)
{
    return tcgetpgrp(tty) == getpgrp();
}

/* The first process says it at once, and nothing interrupts its read. */
static void count(int sig)
{
    char line[16] = "<";
    for (int i = 0; i < NSIGNALS; i++)
        if (SIGNALS[i].number == sig) {
            own[i]++;
            strcat(strcat(line, SIGNALS[i].name), ">\n");
        }
    if (own == counts[0] && write(tty, line, strlen(line)) < 0)
        return;
}

/* A line without its newline; exits at the end of file or at an error. */
static void read_line(char *line, size_t size)
{
    ssize_t n = read(tty, line, size - 1);
    if (n <= 0) {
        say("<%s cannot read: %s>\n", name, n ? strerror(errno) : "end of file");
        exit(7);
    }
    line[n] = '\0';
    line[strcspn(line, "\r\n")] = '\0';
}

static void catch_by(void (*handler)(int), int sig)
{
    sigaction(sig, &(struct sigaction){.sa_handler = handler, .sa_flags = SA_RESTART}, NULL);
}

static void catch(void)
{
    for (int i = 0; i < ALWAYS; i++)
        catch_by(count, SIGNALS[i].number);
}

/* Shared with children. */
static void prepare_counts(void)
{
    counts = mmap(NULL, sizeof *counts * 2, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    own = counts[0];
    if (counts == MAP_FAILED)
        exit(9);
}

static int is(const char *line, const char *word)
{
    return strcmp(line, word) == 0;
}

static void second(void)
{
    char byte;
    own = counts[1];
    close(to_second[1]);
    while (read(to_second[0], &byte, 1) == 1 && write(to_first[1], &byte, 1) == 1)
        continue;
    _exit(0);
}

/* Afterwards the second process has started, and counted all that was sent before. */
static void wait_for_second(void)
{
    char byte = 0;
    if (write(to_second[1], &byte, 1) != 1 || read(to_first[0], &byte, 1) != 1)
        exit(9);
}

static void answer(const char *line)
{
    struct winsize size = {0};
    struct termios modes;
    wait_for_second();
    ioctl(tty, TIOCGWINSZ, &size);
    tcgetattr(tty, &modes);
    char text[512];
    int n = snprintf(text, sizeof text, "<%s fg=%d size=%dx%d echo=%d canonical=%d", line, in_foreground(),
                     size.ws_row, size.ws_col, !!(modes.c_lflag & ECHO), !!(modes.c_lflag & ICANON));
    for (int i = 0; i < ALWAYS; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, " %s=%d+%d", SIGNALS[i].name, counts[0][i],
                      counts[1][i]);
    say("%s>\n", text);
}

static void set_modes(int raw)
{
    struct termios modes;
    tcgetattr(tty, &modes);
    if (raw)
        modes.c_lflag &= ~(tcflag_t)(ECHO | ICANON);
    else
        modes.c_lflag |= ECHO | ICANON;
    tcsetattr(tty, TCSANOW, &modes);
}

/* Leaves a process in a session of its own that ignores HUP and dies of TERM. */
static void leave(void)
{
    signal(SIGHUP, SIG_IGN);
    signal(SIGTERM, SIG_DFL);
    pid_t pid = fork();
    if (pid == 0) {
        setsid();
        for (;;)
            pause();
    }
    catch();
    say("<left pid=%d>\n", pid);
}

static void talk(void)
{
    char line[256];
    prepare_counts();
    if (pipe(to_second) != 0 || pipe(to_first) != 0)
        exit(9);
    catch();
    pid_t pid = fork();
    if (pid == 0)
        second();
    wait_for_second();
    say("<ready fg=%d pid=%d parent=%d second=%d>\n", in_foreground(), getpid(), getppid(), pid);
    for (;;) {
        read_line(line, sizeof line);
        if (is(line, "quit"))
            exit(0);
        else if (is(line, "stop"))
            kill(0, SIGTSTP);
        else if (is(line, "freeze"))
            kill(0, SIGSTOP);
        else if (is(line, "raw") || is(line, "cooked"))
            set_modes(is(line, "raw"));
        else if (is(line, "catch"))
            catch_by(count, SIGTSTP);
        else if (is(line, "leave"))
            leave();
        answer(line);
    }
}

/* Ends by itself; a terminal that has hung up is no hindrance. */
static void handled(int sig)
{
    count(sig);
    _exit(end_status);
}

static void handle(const char *status)
{
    static const int signals[] = {SIGINT, SIGQUIT, SIGHUP};
    prepare_counts();
    end_status = atoi(status);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        catch_by(handled, signals[i]);
    say("<%s waits fg=%d pid=%d parent=%d>\n", name, in_foreground(), getpid(), getppid());
    for (;;)
        pause();
}

/* What else of the job there may be around the command: waits for it, and survives what is typed. */
static void job(char **command)
{
    char text[512];
    int status = 0;
    prepare_counts();
    own = counts[1];
    catch();
    pid_t pid = fork();
    if (pid == 0) {
        execvp(command[0], command);
        _exit(9);
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    int n = snprintf(text, sizeof text, "<%s ended %d", name,
                     WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
    for (int i = 0; i < ALWAYS; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, " %s=%d", SIGNALS[i].name, own[i]);
    FILE *file = strchr(name, '/') ? fopen(name, "w") : NULL;
    if (file && (fprintf(file, "%s>\n", text) < 0 || fclose(file) != 0))
        exit(9);
    say("%s>\n", text);
}

static void hear(const char *sig)
{
    prepare_counts();
    for (int i = 0; i < NSIGNALS; i++)
        if (is(SIGNALS[i].name, sig) || is(SIGNALS[i].name, "CONT"))
            catch_by(count, SIGNALS[i].number);
}

static void ask(void)
{
    char line[256];
    struct termios before, silent;
    tcgetattr(tty, &before);
    silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(tty, TCSAFLUSH, &silent);
    say("<%s asks fg=%d pid=%d>", name, in_foreground(), getpid());
    read_line(line, sizeof line);
    tcsetattr(tty, TCSAFLUSH, &before);
    say("<%s got %s>\n", name, line);
    puts(line);
}

static void wait_for_signal(void)
{
    say("<%s waits fg=%d pid=%d parent=%d>\n", name, in_foreground(), getpid(), getppid());
    for (;;)
        pause();
}

static void read_one(const char *sig)
{
    char line[4096];
    if (sig)
        hear(sig);
    say("<%s reads fg=%d pid=%d parent=%d>\n", name, in_foreground(), getpid(), getppid());
    read_line(line, sizeof line);
    say("<%s got %s>\n", name, line);
}

static void ask_after(void)
{
    char line[4096];
    while (read(STDIN_FILENO, line, sizeof line) > 0)
        continue;
    if (access(name, F_OK) == 0 && close(open(name, O_RDONLY)) != 0)
        exit(9);
    ask();
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";
    name = argc > 2 ? argv[2] : mode;
    tty = open("/dev/tty", O_RDWR | O_CLOEXEC);
    if (tty < 0)
        return perror("/dev/tty"), 9;
    if (is(mode, "talk"))
        talk();
    else if (is(mode, "wait"))
        wait_for_signal();
    else if (is(mode, "handle") && argc > 3)
        handle(argv[3]);
    else if (is(mode, "ask"))
        ask();
    else if (is(mode, "after"))
        ask_after();
    else if (is(mode, "read"))
        read_one(argc > 3 ? argv[3] : NULL);
    else if (is(mode, "where"))
        say("<%s is fg=%d>\n", name, in_foreground());
    else if (is(mode, "job") && argc > 3)
        job(argv + 3);
    else
        return 8;
    return 0;
}

/*
 * tty-user MODE [NAME]: uses the terminal (/dev/tty, whatever 0 to 2 are), and says there what it finds, always in <>.
 *   talk   two processes of one group that count signals; answers each line: `quit` ends it, `stop` stops the group as an editor would,
 *          `raw` and `cooked` set the modes, `leave` leaves a sleeping process in a session of its own; anything else is answered by what is known
 *   wait   says that it is there, and waits for a signal, with no handler
 *   ask    asks as for a password: no echo, input typed too early thrown away; the answer goes to standard output
 *   read   reads a line, without touching the modes
 *   after  reads standard input to its end (and then NAME's FIFO, if there is one), then asks
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
#include <termios.h>
#include <unistd.h>

static const struct { int number; const char *name; } SIGNALS[] = {
    {SIGINT, "INT"}, {SIGQUIT, "QUIT"}, {SIGWINCH, "WINCH"}, {SIGCONT, "CONT"}, {SIGHUP, "HUP"}, {SIGTERM, "TERM"},
};
enum { NSIGNALS = sizeof SIGNALS / sizeof SIGNALS[0] };

static int tty;
static const char *name;
static volatile int (*counts)[NSIGNALS];    /* of the two processes */
static volatile int *own;
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

static void catch(void)
{
    for (int i = 0; i < NSIGNALS; i++)
        sigaction(SIGNALS[i].number, &(struct sigaction){.sa_handler = count, .sa_flags = SA_RESTART}, NULL);
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
    int n = snprintf(text, sizeof text, "<%s fg=%d size=%dx%d echo=%d canonical=%d", line, in_foreground(), size.ws_row, size.ws_col, !!(modes.c_lflag & ECHO), !!(modes.c_lflag & ICANON));
    for (int i = 0; i < NSIGNALS; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, " %s=%d+%d", SIGNALS[i].name, counts[0][i], counts[1][i]);
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

static void talk(void)
{
    char line[256];
    counts = mmap(NULL, sizeof *counts * 2, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    own = counts[0];
    if (counts == MAP_FAILED || pipe(to_second) != 0 || pipe(to_first) != 0)
        exit(9);
    catch();
    pid_t pid = fork();
    if (pid == 0)
        second();
    wait_for_second();
    say("<ready fg=%d pid=%d parent=%d second=%d>\n", in_foreground(), getpid(), getppid(), pid);
    for (;;) {
        read_line(line, sizeof line);
        if (strcmp(line, "quit") == 0)
            exit(0);
        else if (strcmp(line, "stop") == 0)
            kill(0, SIGTSTP);
        else if (strcmp(line, "raw") == 0)
            set_modes(1);
        else if (strcmp(line, "cooked") == 0)
            set_modes(0);
        else if (strcmp(line, "leave") == 0) {
            signal(SIGHUP, SIG_IGN);
            signal(SIGTERM, SIG_DFL);
            if ((pid = fork()) == 0) {
                setsid();
                for (;;)
                    pause();
            }
            catch();
            say("<left pid=%d>\n", pid);
        }
        answer(line);
    }
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

int main(int argc, char **argv)
{
    char line[4096];
    const char *mode = argc > 1 ? argv[1] : "";
    name = argc > 2 ? argv[2] : mode;
    tty = open("/dev/tty", O_RDWR | O_CLOEXEC);
    if (tty < 0)
        return perror("/dev/tty"), 9;
    if (strcmp(mode, "talk") == 0) {
        talk();
    } else if (strcmp(mode, "wait") == 0) {
        say("<%s waits fg=%d pid=%d parent=%d>\n", name, in_foreground(), getpid(), getppid());
        for (;;)
            pause();
    } else if (strcmp(mode, "ask") == 0) {
        ask();
    } else if (strcmp(mode, "after") == 0) {
        while (read(STDIN_FILENO, line, sizeof line) > 0)
            continue;
        if (access(name, F_OK) == 0 && close(open(name, O_RDONLY)) != 0)
            return 9;
        ask();
    } else if (strcmp(mode, "read") == 0) {
        say("<%s reads fg=%d pid=%d parent=%d>\n", name, in_foreground(), getpid(), getppid());
        read_line(line, sizeof line);
        say("<%s got %s>\n", name, line);
    } else {
        return 8;
    }
    return 0;
}

/*
 * crowd wide N   N children that wait in pause()
 * crowd deep N   a chain of N processes, each of which waits for the next
 * crowd churn N  N children, each of which ends within some milliseconds; where one has ended there is another, for ever
 * crowd pong N   two processes that pass a byte to and fro through two pipes; each keeps it for N microseconds, running
 * Each says "ready" on standard output when it is so far.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void ready(void)
{
    if (write(STDOUT_FILENO, "ready\n", 6) != 6)
        _exit(1);
}

static void churn(int n)
{
    ready();
    for (unsigned born = 0;; born++) {
        if (born >= (unsigned)n)
            waitpid(-1, NULL, 0);
        if (fork() == 0) {
            usleep(born % 40 * 1000);
            _exit(0);
        }
    }
}

static void run_for(int microseconds)
{
    struct timespec start, now;
    clock_gettime(CLOCK_MONOTONIC, &start);
    do
        clock_gettime(CLOCK_MONOTONIC, &now);
    while ((now.tv_sec - start.tv_sec) * 1000000 + (now.tv_nsec - start.tv_nsec) / 1000 < microseconds);
}

static void pong(int microseconds)
{
    int there[2], back[2];
    char byte = 'x';
    if (pipe(there) != 0 || pipe(back) != 0)
        _exit(1);
    int is_child = fork() == 0, in = is_child ? there[0] : back[0], out = is_child ? back[1] : there[1];
    close(is_child ? there[1] : there[0]);
    close(is_child ? back[0] : back[1]);
    if (!is_child)
        ready();
    if (!is_child && write(out, &byte, 1) != 1)
        _exit(1);
    while (read(in, &byte, 1) == 1 && (run_for(microseconds), write(out, &byte, 1)) == 1)
        continue;
}

int main(int argc, char **argv)
{
    int n = argc > 2 ? atoi(argv[2]) : 0;
    if (argc > 1 && strcmp(argv[1], "wide") == 0) {
        for (int i = 0; i < n; i++)
            if (fork() == 0)
                for (;;)
                    pause();
    } else if (argc > 1 && strcmp(argv[1], "deep") == 0) {
        for (int i = 1; i < n; i++) {
            pid_t pid = fork();
            if (pid > 0) {
                waitpid(pid, NULL, 0);
                _exit(0);
            }
        }
    } else if (argc > 1 && strcmp(argv[1], "churn") == 0) {
        churn(n);
    } else if (argc > 1 && strcmp(argv[1], "pong") == 0) {
        pong(n);
    }
    ready();
    for (;;)
        pause();
}

/*
 * For a tiny-reaper that is compiled with -Dwait4=late_wait4, and both with -DLATE="FOLDER" (../late.bats):
 * where there is a file FOLDER/late, and the supervisor has looked at its children and found nothing new,
 * that file becomes FOLDER/standing, and there the supervisor stands until FOLDER/go is made.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

pid_t late_wait4(pid_t pid, int *status, int options, struct rusage *usage);
pid_t late_wait4(pid_t pid, int *status, int options, struct rusage *usage)
{
    pid_t reported = (pid_t)syscall(SYS_wait4, pid, status, options, usage);
    char name[16] = "";
    prctl(PR_GET_NAME, name);
    if (reported == 0 && strcmp(name, "tiny-supervisor") == 0 && rename(LATE "/late", LATE "/standing") == 0)
        while (access(LATE "/go", F_OK) != 0)
            usleep(1000);
    return reported;
}

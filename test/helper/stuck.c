/* stuck FOLDER COMMAND [ARG]...
 * Mounts a FUSE file system on FOLDER, in a mount namespace of its own, whose server does not answer everything: a file has the
 * name of the request that is never answered for it, open, read, write or flush. Runs COMMAND, and says "exited N", "killed N"
 * or, after a minute, "hung". Then the connection is cut, and everything below is killed. Needs root and /dev/fuse, else 77.
 * stuck -c HOW FILE: a client, of use as a command, which never ends by itself:
 *   map    state D, and nobody gets its memory map: a shared page of the file is to be written while another mapping takes its place
 *   exec   state S, inside execve(2), with the lock of its credentials held: a descriptor that is closed on exec waits
 *   both   as map, and so does a child of it
 *   below  as map, but first it leaves a child in a session of its own that ignores TERM, and whose pid it writes to standard output */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, ROOT = 1, FIRST = 2 };

static const struct { const char *name; unsigned request; } FILES[] = {
    {"open", FUSE_OPEN}, {"read", FUSE_READ}, {"write", FUSE_WRITE}, {"flush", FUSE_FLUSH},
};
enum { NFILES = sizeof FILES / sizeof FILES[0] };

static int fuse;

static void answer(const struct fuse_in_header *in, int error, const void *body, size_t size)
{
    struct fuse_out_header out = {(uint32_t)(sizeof out + size), error, in->unique};
    struct iovec parts[] = {{&out, sizeof out}, {(void *)(uintptr_t)body, size}};

    if (writev(fuse, parts, 2) < 0 && errno != ENOENT)
        _exit(1);
}

static struct fuse_attr attributes(uint64_t node)
{
    struct fuse_attr attr = {.ino = node, .size = PAGE, .blocks = 8, .nlink = 1, .blksize = PAGE};

    attr.mode = node == ROOT ? S_IFDIR | 0755 : S_IFREG | 0777;
    return attr;
}

static void look_up(const struct fuse_in_header *in, const char *name)
{
    struct fuse_entry_out entry = {.entry_valid = 1000, .attr_valid = 1000};

    for (size_t i = 0; i < NFILES; i++)
        if (strcmp(FILES[i].name, name) == 0) {
            entry.nodeid = FIRST + i;
            entry.attr = attributes(entry.nodeid);
            answer(in, 0, &entry, sizeof entry);
            return;
        }
    answer(in, -ENOENT, NULL, 0);
}

static void serve(const struct fuse_in_header *in, const char *body)
{
    static const char zeros[1 << 17];
    struct fuse_init_out init = {.major = FUSE_KERNEL_VERSION, .minor = FUSE_KERNEL_MINOR_VERSION, .max_write = PAGE};
    struct fuse_attr_out attr = {.attr_valid = 1000};
    struct fuse_write_out written = {0};
    struct fuse_open_out opened = {0};

    if (in->nodeid >= FIRST && in->nodeid < FIRST + NFILES && in->opcode == FILES[in->nodeid - FIRST].request)
        return;
    attr.attr = attributes(in->nodeid);
    switch (in->opcode) {
    case FUSE_INIT: answer(in, 0, &init, sizeof init); break;
    case FUSE_LOOKUP: look_up(in, body); break;
    case FUSE_GETATTR: case FUSE_SETATTR: answer(in, 0, &attr, sizeof attr); break;
    case FUSE_OPEN: case FUSE_OPENDIR: answer(in, 0, &opened, sizeof opened); break;
    case FUSE_READ: answer(in, 0, zeros, ((const struct fuse_read_in *)body)->size); break;
    case FUSE_WRITE:
        written.size = ((const struct fuse_write_in *)body)->size;
        answer(in, 0, &written, sizeof written);
        break;
    case FUSE_FLUSH: case FUSE_RELEASE: case FUSE_RELEASEDIR: case FUSE_ACCESS: answer(in, 0, NULL, 0); break;
    case FUSE_FORGET: case FUSE_BATCH_FORGET: case FUSE_INTERRUPT: break;
    default: answer(in, -ENOSYS, NULL, 0);
    }
}

/* The server, until it is killed: never returns. Nobody else has the connection, so that its end is the end of every wait. */
static void run_server(void)
{
    static char buffer[1 << 18] __attribute__((aligned(16)));

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) {
        ssize_t n = read(fuse, buffer, sizeof buffer);

        if (n < 0 && errno != EINTR && errno != ENOENT)
            _exit(1);
        if (n >= (ssize_t)sizeof(struct fuse_in_header))
            serve((const struct fuse_in_header *)buffer, buffer + sizeof(struct fuse_in_header));
    }
}

static void mount_on(const char *folder)
{
    char data[100];

    fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    snprintf(data, sizeof data, "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", fuse);
    if (fuse < 0 || unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("stuck", folder, "fuse", MS_NOSUID | MS_NODEV, data) != 0) {
        perror("stuck");
        exit(77);
    }
}

/* ---- the clients */

static void hold_map(const char *file)
{
    int fd = open(file, O_RDWR);
    char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    if (fd < 0 || page == MAP_FAILED)
        _exit(99);
    *page = 1;
    mmap(page, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static int be_client(const char *how, const char *file)
{
    if (strcmp(how, "below") == 0) {
        pid_t child = fork();

        if (child == 0) {
            setsid();
            signal(SIGTERM, SIG_IGN);
            printf("below %d\n", getpid());
            fclose(stdout);
            for (;;)
                pause();
        }
    }
    if (strcmp(how, "both") == 0)
        fork();
    if (strcmp(how, "exec") == 0) {
        open(file, O_RDONLY | O_CLOEXEC);
        execl("/bin/true", "true", NULL);
    } else {
        hold_map(file);
    }
    return 98;
}

/* Ends whatever there is below us, at any depth: it all comes to us. */
static void end_all(void)
{
    static char list[1 << 16];

    while (waitpid(-1, NULL, WNOHANG) >= 0) {
        FILE *file = fopen("/proc/thread-self/children", "r");
        size_t n = file ? fread(list, 1, sizeof list - 1, file) : 0;
        char *at = list, *end;
        long pid;

        if (file)
            fclose(file);
        list[n] = '\0';
        for (; (pid = strtol(at, &end, 10)) > 0; at = end)
            kill((pid_t)pid, SIGKILL);
        nanosleep(&(struct timespec){0, 5000000}, NULL);
    }
}

int main(int argc, char **argv)
{
    pid_t server, command, ended = 0;
    int status = 0;

    if (argc == 4 && strcmp(argv[1], "-c") == 0)
        return be_client(argv[2], argv[3]);
    if (argc < 3)
        return 99;
    mount_on(argv[1]);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    if ((server = fork()) == 0)
        run_server();
    close(fuse);
    if ((command = fork()) == 0) {
        execvp(argv[2], argv + 2);
        _exit(99);
    }
    for (int i = 0; i < 6000 && (ended = waitpid(command, &status, WNOHANG)) == 0; i++)
        nanosleep(&(struct timespec){0, 10000000}, NULL);
    if (ended != command)
        puts("hung");
    else
        printf("%s %d\n", WIFEXITED(status) ? "exited" : "killed", WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    kill(server, SIGKILL);
    end_all();
    return 0;
}

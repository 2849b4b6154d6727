/* untouchable: owned by root and set-user-ID, it leaves a process behind that is root's altogether, so that the user who started
 * it can't signal it. The process says "in place" on standard output, which it then closes. Exits when it has. */
#define _GNU_SOURCE
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	int fds[2];
	char byte;

	if (pipe(fds) < 0)
		return 97;
	if (fork() != 0) {
		close(fds[1]);
		return read(fds[0], &byte, 1) == 1 ? 0 : 98;
	}
	if (setsid() < 0 || setresuid(0, 0, 0) != 0)
		return 99;
	puts("in place");
	fclose(stdout);
	if (write(fds[1], "", 1) != 1)
		return 99;
	for (;;)
		pause();
}

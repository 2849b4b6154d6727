/* ended COMMAND [ARG]...: runs COMMAND and says on standard output how it ended, as its parent sees it:
 * "exited N" or "killed N", the latter followed by " core" where a core was dumped. */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int status;
	pid_t pid = fork();

	if (argc < 2 || pid < 0)
		return 99;
	if (pid == 0) {
		execvp(argv[1], argv + 1);
		perror(argv[1]);
		_exit(99);
	}
	if (waitpid(pid, &status, 0) != pid)
		return 99;
	if (WIFEXITED(status))
		printf("exited %d\n", WEXITSTATUS(status));
	else
		printf("killed %d%s\n", WTERMSIG(status), WCOREDUMP(status) ? " core" : "");
	return 0;
}

/* ended [-n COUNT] COMMAND [ARG]...: runs COMMAND and says on standard output how it ended, as its parent sees it:
 * "exited N" or "killed N", the latter followed by " core" where a core was dumped. With -n as often as that, with
 * 0 to COUNT - 1 as one more argument. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int status, numbered = argc > 2 && strcmp(argv[1], "-n") == 0, count = numbered ? atoi(argv[2]) : 1;
	char number[12], *words[1024] = { 0 };

	argv += numbered ? 3 : 1;
	argc -= numbered ? 3 : 1;
	if (argc < 1 || argc > 1022)
		return 99;
	memcpy(words, argv, (size_t)argc * sizeof *argv);
	words[argc] = numbered ? number : NULL;
	for (int i = 0; i < count; i++) {
		snprintf(number, sizeof number, "%d", i);
		fflush(stdout);
		pid_t pid = fork();

		if (pid == 0) {
			execvp(words[0], words);
			perror(words[0]);
			_exit(99);
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid)
			return 99;
		if (WIFEXITED(status))
			printf("exited %d\n", WEXITSTATUS(status));
		else
			printf("killed %d%s\n", WTERMSIG(status), WCOREDUMP(status) ? " core" : "");
	}
	return 0;
}

#include "commands.h"
#include <string.h>
int main(int argc, char **argv)
{
	argc--; argv++;
	if (!strcmp(argv[0], "report")) return cmd_report(argc, argv);
	if (!strcmp(argv[0], "folded")) return cmd_folded(argc, argv);
	if (!strcmp(argv[0], "flame")) return cmd_flame(argc, argv);
	if (!strcmp(argv[0], "diff")) return cmd_diff(argc, argv);
	if (!strcmp(argv[0], "pprof")) return cmd_pprof(argc, argv);
	if (!strcmp(argv[0], "speedscope")) return cmd_speedscope(argc, argv);
	return 2;
}

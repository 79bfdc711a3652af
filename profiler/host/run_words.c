/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What somebody asks of saki-run, as far as it concerns who runs it.
 */
#include "prof.h"

#include <string.h>

/* Whether word is the option, as itself or with a value behind "="; that in *value, else NULL. */
static bool is_option(const char *word, const char *option, const char **value)
{
	size_t len = strlen(option);

	*value = !strncmp(word, option, len) && word[len] == '=' ? word + len + 1 : NULL;
	return *value || !strcmp(word, option);
}

bool run_words_have(char *const *words, const char *option, const char *value)
{
	for (; *words && words[0][0] == '-'; words++) {
		const char *given;

		if (is_option(*words, option, &given)) {
			given = given ? given : words[1];
			if (!value || (given && !strcmp(given, value)))
				return true;
		}
		/* Perhaps its value: programs do not begin with dashes. */
		if (words[1] && words[1][0] != '-' && !strchr(*words, '=') && words[2])
			words++;
	}
	return false;
}

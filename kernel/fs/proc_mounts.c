/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The mount table as programs read it: mounts (as fstab(5)) and mountinfo (proc(5)), as the reader's root sees it.
 */
#include <kernel/abi/mount.h>
#include <kernel/heap.h>
#include <kernel/string.h>

#include "proc.h"

#define BLANKS " \t\\#"

struct listing {
	struct proc_text *text;
	char *room; /* PATH_MAX */
	bool info;
};

static void put_options(struct proc_text *text, const struct mount *mount)
{
	static const struct {
		unsigned flag;
		const char *name;
	} options[] = {
		{ MS_NOSUID, ",nosuid" }, { MS_NODEV, ",nodev" }, { MS_NOEXEC, ",noexec" },
		{ MS_NOATIME, ",noatime" }, { MS_NODIRATIME, ",nodiratime" },
	};

	proc_print(text, "%s", mount->flags & MS_RDONLY ? "ro" : "rw");
	for (unsigned i = 0; i < array_size(options); i++)
		if (mount->flags & options[i].flag)
			proc_print(text, "%s", options[i].name);
	if (!(mount->flags & MS_NOATIME))
		proc_print(text, ",relatime");
}

static void put_source(struct proc_text *text, const char *source)
{
	proc_put_escaped(text, source, BLANKS);
	proc_print(text, " ");
}

/* Where nothing was mounted the type stands for the source too. */
static int show(struct mount *mount, void *context)
{
	struct listing *listing = context;
	struct proc_text *text = listing->text;
	const char *type = mount->sb->type->name, *source = mount->sb->source ?: type;
	char *name;

	/* What lies outside of the reader's root is not there for it. */
	if (path_name((struct path){ mount, mount->root }, listing->room, PATH_MAX, &name) || *name != '/')
		return 0;
	if (listing->info)
		proc_print(text, "%d %d %u:%u / ", mount->id, mount->parent ? mount->parent->id : 0,
			   DEV_MAJOR(mount->sb->dev), DEV_MINOR(mount->sb->dev));
	else
		put_source(text, source);
	proc_put_escaped(text, name, BLANKS);
	proc_print(text, listing->info ? " " : " %s ", type);
	put_options(text, mount);
	if (listing->info) {
		proc_print(text, " - %s ", type);
		put_source(text, source);
		proc_print(text, "%s\n", mount->sb->read_only ? "ro" : "rw");
	} else {
		proc_print(text, " 0 0\n");
	}
	return 0;
}

static int show_all(struct proc_text *text, bool info)
{
	struct listing listing = { text, heap_alloc(PATH_MAX), info };
	struct mount *root;

	if (!listing.room)
		return -ENOMEM;
	vfs_lock();
	/* The first one hangs nowhere, and so is not in the table. */
	root = fs_context_current()->root.mount;
	if (root && !root->parent)
		show(root, &listing);
	mount_foreach(show, &listing);
	vfs_unlock();
	heap_free(listing.room);
	return 0;
}

int proc_show_mounts(struct proc_text *text, const struct proc_subject *subject UNUSED)
{
	return show_all(text, false);
}

int proc_show_mountinfo(struct proc_text *text, const struct proc_subject *subject UNUSED)
{
	return show_all(text, true);
}

# fuzz/guest: the guest's end of the channel, the snapshot, the loop that runs inputs. Never instrumented.
nosan-y := 1
obj-$(CONFIG_FUZZ) += batch.o calls.o channel.o harness.o input.o profile.o snapshot.o
obj-$(CONFIG_FUZZ) += $(if $(CONFIG_ARCH_HOST),tracker_marks.o,tracker_dirty.o)

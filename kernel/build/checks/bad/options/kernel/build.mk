obj-$(CONFIG_USED) += x.o
obj-$(CONFIG_NEVER_SET) += y.o
obj-$(CONFIG_BY_DEFAULT) += d.o
obj-$(CONFIG_UNKNOWN) += z.o
x := $(foreach s,A B,$(CONFIG_MANY_$s))

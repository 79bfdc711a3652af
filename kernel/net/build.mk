# SPDX-License-Identifier: BSD-3-Clause
# Sockets, and TCP/IP: lwIP from Debian's source package, with our port of it.
obj-y += socket.o sys_socket.o sys_message.o control.o options.o unix.o unix_data.o
obj-$(CONFIG_DEVICES) += vsock.o vsock_socket.o vsock_data.o
lwip-users := net.o netif.o merge.o address.o datagram.o inet.o inet_tcp.o tcp_data.o tcp_options.o inet_udp.o \
	inet_datagram.o inet_raw.o ip_options.o icmp_error.o interface.o interface_ioctl.o packet.o packet_ring.o \
	filter.o netlink.o netlink_change.o
lwip-users += forget.o timers.o isn.o net_metrics.o proc_net.o proc_sockets.o
lwip-cflags := -Ikernel/net/port -I$(O)/sources/lwip/src/include
obj-$(CONFIG_NET) += $(lwip-users)
$(foreach o,$(lwip-users),$(eval cflags-$o := $(lwip-cflags)))

source-$(CONFIG_NET) += lwip
source-lwip-cflags := $(lwip-cflags) -Wno-tautological-constant-out-of-range-compare
source-lwip-y := $(addprefix src/core/,init.o def.o inet_chksum.o ip.o mem.o memp.o netif.o pbuf.o raw.o stats.o tcp.o \
	tcp_in.o tcp_out.o udp.o ipv4/dhcp.o ipv4/etharp.o ipv4/icmp.o ipv4/igmp.o ipv4/ip4.o \
	ipv4/ip4_addr.o ipv4/ip4_frag.o \
	ipv6/ethip6.o ipv6/icmp6.o ipv6/inet6.o ipv6/ip6.o ipv6/ip6_addr.o ipv6/ip6_frag.o ipv6/mld6.o \
	ipv6/nd6.o) src/netif/ethernet.o

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Network devices as lwIP's interfaces. What is received is not copied, but for small frames, which would hold a page
 * each; what is sent is handed over in the pieces it is made of. Addresses come from the command line
 * ("net=ADDRESS/BITS[,GATEWAY]") or from DHCP, and by IPv6's own ways.
 */
#include "interface.h"
#include "merge.h"
#include "packet.h"

#include <instrumentation/trace/trace.h>
#include <kernel/atomic.h>
#include <kernel/boot.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/log.h>
#include <kernel/page.h>
#include <kernel/parse.h>
#include <kernel/string.h>
#include <lwip/dhcp.h>
#include <lwip/etharp.h>
#include <lwip/ethip6.h>
#include <lwip/inet_chksum.h>
#include <lwip/nd6.h>
#include <lwip/prot/dhcp.h>
#include <lwip/prot/ethernet.h>
#include <lwip/prot/ip.h>
#include <lwip/prot/ip4.h>
#include <lwip/prot/ip6.h>
#include <lwip/prot/tcp.h>
#include <lwip/prot/udp.h>
#include <netif/ethernet.h>

#define COPY_BELOW 512
#define QUEUE_MAX 512		/* frames that wait for a device */
#define POLL_BUDGET 64
#define FRAME_MAX 65535		/* lwIP's lengths have 16 bits */
#define SPARE_PAGES 256		/* below so many free ones nothing is received */

#define TRANSPORT_CHECKS (NETIF_CHECKSUM_CHECK_TCP | NETIF_CHECKSUM_CHECK_UDP | NETIF_CHECKSUM_CHECK_ICMP6)
#define TRANSPORT_MAKES (NETIF_CHECKSUM_GEN_TCP | NETIF_CHECKSUM_GEN_UDP)

struct interface {
	struct netif netif;
	struct netdev *dev;
	struct pbuf *queue[QUEUE_MAX];	/* referenced */
	unsigned queue_first, queue_count;
	struct merge merge;		/* segments that may become one frame */
	struct net_frame frame;		/* being handed over: too large to be cleared on a stack each time */
	struct interface_counts counts;
};

static struct list netdevs = LIST_INIT(netdevs);	/* network's lock */

/* ---- received ---- */

static void buffer_unused(struct pbuf *p)
{
	net_buffer_free(container_of((uint64_t *)p, struct net_buffer, stack[0]));
}

_Static_assert(sizeof(struct pbuf_custom) <= sizeof(((struct net_buffer *)0)->stack), "a pbuf fits in a net_buffer");

static struct pbuf *wrap_buffer(struct net_buffer *buffer)
{
	struct pbuf_custom *custom = (struct pbuf_custom *)buffer->stack;

	custom->custom_free_function = buffer_unused;
	return pbuf_alloced_custom(PBUF_RAW, (u16_t)buffer->len, PBUF_REF, custom, buffer->data, (u16_t)buffer->len);
}

static struct pbuf *copy_frame(const struct net_buffer *frame)
{
	struct pbuf *p = pbuf_alloc(PBUF_RAW, (u16_t)frame->len, PBUF_RAM);

	if (p)
		memcpy(p->payload, frame->data, frame->len);
	return p;
}

static struct pbuf *wrap_frame(struct net_buffer *frame)
{
	struct pbuf *p = NULL;

	while (frame) {
		struct net_buffer *next = frame->next;
		struct pbuf *part = wrap_buffer(frame);

		if (p)
			pbuf_cat(p, part);
		else
			p = part;
		frame = next;
	}
	return p;
}

static void stack_receive(struct netdev *dev, struct net_buffer *frame, unsigned flags)
{
	struct interface *interface = dev->stack;
	struct netif *netif = &interface->netif;
	struct pbuf *p;
	size_t len = 0;

	for (struct net_buffer *b = frame; b; b = b->next)
		len += b->len;
	TRACE(net_receive, len, netif_get_index(netif));
	/* Where memory is short, what comes from outside is the first to do without. */
	if (len > FRAME_MAX || page_free_count() < SPARE_PAGES) {
		interface->counts.rx_dropped++;
		net_frame_free(frame);
		return;
	}
	if (len < COPY_BELOW && !frame->next) {
		p = copy_frame(frame);
		net_buffer_copied(frame);
	} else {
		p = wrap_frame(frame);
	}
	if (!p) {
		interface->counts.rx_dropped++;
		return;
	}
	interface->counts.rx_packets++;
	interface->counts.rx_bytes += p->tot_len;
	if (packet_wanted())
		packet_seen(netif, p, false);
	/* What the device vouches for is not summed up again; what comes back by loop-back was not summed at all. */
	if (!(flags & NET_CHECKSUM_GOOD))
		netif->chksum_flags |= TRANSPORT_CHECKS;
	if (netif->input(p, netif) != ERR_OK)
		pbuf_free(p);
	if (dev->features & NETDEV_CHECKSUM)
		netif->chksum_flags &= (u16_t)~TRANSPORT_CHECKS;
}

/* ---- sent ---- */

/* The header that lwIP's own are in: they lie in one piece. */
static void *header_at(const struct pbuf *p, size_t offset, size_t len)
{
	while (p && offset >= p->len) {
		offset -= p->len;
		p = p->next;
	}
	return p && p->len - offset >= len ? (char *)p->payload + offset : NULL;
}

/* A device sums up what lies behind the transport header; the addresses' part of the sum is for us to put there. */
static void ask_for_checksum(struct net_frame *frame, const struct pbuf *p, size_t at, uint8_t protocol, uint32_t sum,
			     size_t len)
{
	uint16_t *field;
	size_t offset;

	if (protocol == IP_PROTO_TCP)
		offset = offsetof(struct tcp_hdr, chksum);
	else if (protocol == IP_PROTO_UDP)
		offset = offsetof(struct udp_hdr, chksum);
	else
		return;
	field = header_at(p, at + offset, sizeof(*field));
	if (!field)
		return;
	sum += lwip_htons(protocol) + lwip_htons((u16_t)len);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	memcpy(field, &(uint16_t){ (uint16_t)sum }, sizeof(*field));
	frame->checksum_start = (uint16_t)at;
	frame->checksum_offset = (uint16_t)offset;
}

static uint32_t sum_words(const void *words, size_t bytes)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < bytes; i += 2) {
		uint16_t word;

		memcpy(&word, (const char *)words + i, sizeof(word));
		sum += word;
	}
	return sum;
}

static void checksum_ip4(struct net_frame *frame, const struct pbuf *p)
{
	const struct ip_hdr *ip = header_at(p, SIZEOF_ETH_HDR, IP_HLEN);
	size_t header = ip ? IPH_HL_BYTES(ip) : 0;

	/* Fragments carry sums that lwIP has made over the whole. */
	if (!ip || (IPH_OFFSET(ip) & PP_HTONS(IP_OFFMASK | IP_MF)))
		return;
	ask_for_checksum(frame, p, SIZEOF_ETH_HDR + header, IPH_PROTO(ip), sum_words(&ip->src, 8),
			 lwip_ntohs(IPH_LEN(ip)) - header);
}

static void checksum_ip6(struct net_frame *frame, const struct pbuf *p)
{
	const struct ip6_hdr *ip = header_at(p, SIZEOF_ETH_HDR, IP6_HLEN);

	if (ip)
		ask_for_checksum(frame, p, SIZEOF_ETH_HDR + IP6_HLEN, IP6H_NEXTH(ip), sum_words(&ip->src, 32),
				 IP6H_PLEN(ip));
}

static uint64_t frame_len(const struct net_frame *frame)
{
	uint64_t len = 0;

	for (unsigned i = 0; i < frame->span_count; i++)
		len += frame->spans[i].len;
	return len;
}

/* The interface's frame, without anything in it. */
static struct net_frame *frame_begin(struct interface *interface, void *cookie)
{
	struct net_frame *frame = &interface->frame;

	frame->span_count = 0;
	frame->checksum_start = frame->checksum_offset = frame->segment = frame->header = 0;
	frame->cookie = cookie;
	return frame;
}

static int hand_over(struct interface *interface)
{
	int err = interface->dev->ops->transmit(interface->dev, &interface->frame);

	if (!err)
		TRACE(net_send, frame_len(&interface->frame), netif_get_index(&interface->netif));
	return err;
}

static int transmit(struct interface *interface, struct pbuf *p)
{
	struct netdev *dev = interface->dev;
	struct net_frame *frame = frame_begin(interface, p);
	const struct eth_hdr *eth;
	int err;

	for (struct pbuf *q = p; q; q = q->next) {
		if (frame->span_count == NET_FRAME_SPANS)
			return -EMSGSIZE;
		frame->spans[frame->span_count++] = (struct net_span){ q->payload, q->len };
	}
	eth = header_at(p, 0, sizeof(*eth));
	if (eth && (dev->features & NETDEV_CHECKSUM)) {
		if (eth->type == PP_HTONS(ETHTYPE_IP))
			checksum_ip4(frame, p);
		else if (eth->type == PP_HTONS(ETHTYPE_IPV6))
			checksum_ip6(frame, p);
	}
	err = hand_over(interface);
	if (!err) {
		pbuf_ref(p);
		dev->unsent = true;
	}
	return err;
}

/* The parts of a merged frame, to be let go of when it was sent; its cookie is this with the lowest bit set. */
struct sent_parts {
	unsigned count;
	struct pbuf *parts[];
};

static void parts_free(struct sent_parts *sent)
{
	for (unsigned i = 0; i < sent->count; i++)
		pbuf_free(sent->parts[i]);
	heap_free(sent);
}

/* Sends what was merged as one frame. False: that cannot be now, and nothing has changed. */
static bool transmit_merged(struct interface *interface)
{
	struct netdev *dev = interface->dev;
	struct merge *m = &interface->merge;
	struct net_frame *frame;
	struct sent_parts *sent = heap_alloc(sizeof(*sent) + m->count * sizeof(sent->parts[0]));

	if (!sent)
		return false;
	sent->count = m->count;
	memcpy(sent->parts, m->parts, m->count * sizeof(m->parts[0]));
	frame = frame_begin(interface, (void *)((uintptr_t)sent | 1));
	merge_build(m, frame);
	checksum_ip4(frame, m->parts[0]);
	if (hand_over(interface)) {
		merge_restore(m);
		heap_free(sent);
		return false;
	}
	dev->unsent = true;
	m->count = 0;
	return true;
}

static err_t output_now(struct interface *interface, struct pbuf *p);

/* What is kept goes out: as one frame, or, where that is not possible, each for itself. */
static void merge_flush(struct interface *interface)
{
	struct merge *m = &interface->merge;
	unsigned count = m->count;

	if (count > 1 && !interface->queue_count && transmit_merged(interface))
		return;
	m->count = 0;
	for (unsigned i = 0; i < count; i++) {
		output_now(interface, m->parts[i]);
		pbuf_free(m->parts[i]);
	}
}

static err_t link_output(struct netif *netif, struct pbuf *p)
{
	struct interface *interface = netif->state;

	interface->counts.tx_packets++;
	interface->counts.tx_bytes += p->tot_len;
	if (packet_wanted())
		packet_seen(netif, p, true);
	if (interface->dev->features & NETDEV_SEGMENTS) {
		if (merge_add(&interface->merge, p))
			return ERR_OK;
		merge_flush(interface);
		if (merge_add(&interface->merge, p))
			return ERR_OK;
	}
	return output_now(interface, p);
}

/* Frames keep their order: once one waits, the next ones do. */
static err_t output_now(struct interface *interface, struct pbuf *p)
{
	int err = interface->queue_count ? -ENOSPC : transmit(interface, p);

	if (!err)
		return ERR_OK;
	if (err != -ENOSPC || interface->queue_count == QUEUE_MAX) {
		interface->counts.tx_dropped++;
		return err == -ENOSPC ? ERR_MEM : ERR_IF;
	}
	pbuf_ref(p);
	interface->queue[(interface->queue_first + interface->queue_count++) % QUEUE_MAX] = p;
	return ERR_OK;
}

static void stack_writable(struct netdev *dev)
{
	struct interface *interface = dev->stack;

	while (interface->queue_count) {
		struct pbuf *p = interface->queue[interface->queue_first];

		if (transmit(interface, p) == -ENOSPC)
			return;
		pbuf_free(p);
		interface->queue_first = (interface->queue_first + 1) % QUEUE_MAX;
		interface->queue_count--;
	}
}

static void stack_sent(struct netdev *dev UNUSED, void *cookie)
{
	if ((uintptr_t)cookie & 1)
		parts_free((struct sent_parts *)((uintptr_t)cookie & ~(uintptr_t)1));
	else
		pbuf_free(cookie);
}

/* ---- all devices ---- */

void netdev_counts(const struct netif *netif, struct interface_counts *out)
{
	const struct interface *interface = interface_is_loopback(netif) ? NULL : netif->state;

	*out = interface ? interface->counts : (struct interface_counts){ 0 };
}

const struct netdev *netdev_of(const struct netif *netif)
{
	const struct interface *interface = interface_is_loopback(netif) ? NULL : netif->state;

	return interface ? interface->dev : NULL;
}

void netdevs_poll(bool *more)
{
	list_foreach(&netdevs, struct netdev, node, dev) {
		if (!atomic_exchange(&dev->scheduled, false))
			continue;
		if (dev->ops->poll(dev, POLL_BUDGET)) {
			atomic_store(&dev->scheduled, true);
			*more = true;
		}
	}
}

void netdevs_flush(void)
{
	list_foreach(&netdevs, struct netdev, node, dev) {
		struct interface *interface = dev->stack;

		if (interface->merge.count)
			merge_flush(interface);
		if (!dev->unsent)
			continue;
		dev->unsent = false;
		dev->ops->flush(dev);
	}
}

/* ---- coming and going ---- */

static err_t interface_init(struct netif *netif)
{
	struct interface *interface = netif->state;
	const struct netdev *dev = interface->dev;

	netif->name[0] = 'e';
	netif->name[1] = 'n';
	netif->hostname = "saki";
	netif->output = etharp_output;
	netif->output_ip6 = ethip6_output;
	netif->linkoutput = link_output;
	netif->mtu = (u16_t)dev->mtu;
	netif->hwaddr_len = ETH_HWADDR_LEN;
	memcpy(netif->hwaddr, dev->address, ETH_HWADDR_LEN);
	netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_IGMP |
		       NETIF_FLAG_MLD6;
	if (dev->features & NETDEV_CHECKSUM)
		NETIF_SET_CHECKSUM_CTRL(netif, NETIF_CHECKSUM_ENABLE_ALL & ~(TRANSPORT_MAKES | TRANSPORT_CHECKS));
	return ERR_OK;
}

/* "10.0.2.15/24,10.0.2.2" */
static bool parse_net(char *text, ip4_addr_t *address, ip4_addr_t *mask, ip4_addr_t *gateway)
{
	char *slash = strchr(text, '/'), *comma = slash ? strchr(slash, ',') : NULL;
	uint64_t bits;

	ip4_addr_set_zero(gateway);
	if (!slash)
		return false;
	*slash++ = '\0';
	if (comma)
		*comma++ = '\0';
	if (parse_u64(slash, 10, &bits) || bits > 32)
		return false;
	ip4_addr_set_u32(mask, lwip_htonl(bits ? UINT32_MAX << (32 - bits) : 0));
	return ip4addr_aton(text, address) && (!comma || ip4addr_aton(comma, gateway));
}

static void configure(struct netif *netif, const char *config)
{
	ip4_addr_t address, mask, gateway;
	char text[64];
	ssize_t len = config ? (ssize_t)format(text, sizeof(text), "%s", config)
			     : boot_option("net", text, sizeof(text));

	if (len == -ENOENT) {
		dhcp_start(netif);
	} else if (len >= 0 && parse_net(text, &address, &mask, &gateway)) {
		netif_set_addr(netif, &address, &mask, &gateway);
	} else {
		log_warning("command line: net= wants ADDRESS/BITS[,GATEWAY]; asking for one (DHCP)");
		dhcp_start(netif);
	}
	netif_create_ip6_linklocal_address(netif, 1);
	netif_set_ip6_autoconfig_enabled(netif, 1);
}

static void log_address(const struct netdev *dev)
{
	log_info("network: %02x:%02x:%02x:%02x:%02x:%02x, mtu %u%s%s", dev->address[0], dev->address[1],
		 dev->address[2], dev->address[3], dev->address[4], dev->address[5], dev->mtu,
		 dev->link_up ? "" : ", no link", dev->features & NETDEV_CHECKSUM ? ", checksums" : "");
}

static int stack_add(struct netdev *dev)
{
	struct interface *interface = heap_zalloc(sizeof(*interface));

	if (!interface)
		return -ENOMEM;
	interface->dev = dev;
	dev->stack = interface;
	net_lock();
	if (!netif_add(&interface->netif, NULL, NULL, NULL, interface, interface_init, ethernet_input)) {
		net_unlock();
		heap_free(interface);
		return -ENOMEM;
	}
	netif_set_default(&interface->netif);
	netif_set_up(&interface->netif);
	if (dev->link_up)
		netif_set_link_up(&interface->netif);
	configure(&interface->netif, dev->config);
	net_timers_look();
	list_append(&netdevs, &dev->node);
	/* Before it was among them nobody has polled it. */
	if (atomic_load(&dev->scheduled))
		netdevs_schedule(dev);
	net_unlock();
	log_address(dev);
	return 0;
}

static void stack_remove(struct netdev *dev)
{
	struct interface *interface = dev->stack;

	net_lock();
	list_remove(&dev->node);
	dhcp_stop(&interface->netif);
	dhcp_cleanup(&interface->netif);
	netif_remove(&interface->netif);
	merge_flush(interface);
	dev->ops->drop(dev);
	for (unsigned i = 0; i < interface->queue_count; i++)
		pbuf_free(interface->queue[(interface->queue_first + i) % QUEUE_MAX]);
	net_unlock();
	heap_free(interface);
}

static void stack_changed(struct netdev *dev)
{
	struct interface *interface = dev->stack;

	if (dev->link_up)
		netif_set_link_up(&interface->netif);
	else
		netif_set_link_down(&interface->netif);
	log_info("network: link %s", dev->link_up ? "up" : "down");
}

/* Leases and neighbours were the other one's: nothing is given back, as that still has them. */
static void forget_network(struct netif *netif)
{
	struct dhcp *dhcp = netif_dhcp_data(netif);

	if (dhcp) {
		dhcp->state = DHCP_STATE_INIT;
		dhcp_stop(netif);
	}
	etharp_cleanup_netif(netif);
	nd6_cleanup_netif(netif);
	for (s8_t i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++)
		netif_ip6_addr_set_state(netif, i, IP6_ADDR_INVALID);
}

static void stack_renewed(struct netdev *dev)
{
	struct interface *interface = dev->stack;
	struct netif *netif = &interface->netif;

	netif_set_link_down(netif);
	forget_network(netif);
	memcpy(netif->hwaddr, dev->address, ETH_HWADDR_LEN);
	configure(netif, dev->config);
	/* Tells the others on the wire who has the address now. */
	if (dev->link_up)
		netif_set_link_up(netif);
	net_timers_look();
	log_address(dev);
}

const struct netdev_stack netif_stack = { stack_add,  stack_remove,   netdevs_schedule, stack_receive, stack_sent,
					  stack_writable, stack_changed, stack_renewed, net_lock, net_unlock };

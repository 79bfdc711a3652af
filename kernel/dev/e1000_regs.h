/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Registers and legacy descriptors of Intel's 8254x: PCI/PCI-X Family of Gigabit Ethernet Controllers Software
 * Developer's Manual, chapter 13, and 3.2.3 and 3.3.3. Shared by the driver and the scripted controller.
 */
#pragma once

#include <kernel/types.h>

#define E1000_VENDOR 0x8086
#define E1000_82540EM 0x100e

#define REG_CTRL 0x0000
#define REG_STATUS 0x0008
#define REG_ICR 0x00c0		/* causes of interrupts; reading takes them back */
#define REG_IMS 0x00d0		/* which of them interrupt: bits to set */
#define REG_IMC 0x00d8		/* and to clear */
#define REG_RCTL 0x0100
#define REG_TCTL 0x0400
#define REG_TIPG 0x0410
#define REG_RX_RING 0x2800
#define REG_TX_RING 0x3800
#define REG_RXCSUM 0x5000
#define REG_MTA 0x5200		/* the multicast table */
#define REG_RAL0 0x5400		/* its own address */
#define REG_RAH0 0x5404
#define REGS_SIZE 0x6000	/* of 128 KiB, what we use */
#define MTA_WORDS 128

/* From a ring's first register. */
#define RING_BASE_LOW 0x00
#define RING_BASE_HIGH 0x04
#define RING_LEN 0x08
#define RING_HEAD 0x10
#define RING_TAIL 0x18
#define REG_RDT (REG_RX_RING + RING_TAIL)
#define REG_TDT (REG_TX_RING + RING_TAIL)

#define CTRL_AUTO_SPEED 0x20u
#define CTRL_LINK_UP 0x40u
#define CTRL_RESET 0x04000000u
#define CTRL_RESETS 0x84000088u	/* of the link, inverted signals, all, and the PHY */
#define STATUS_LINK_UP 0x2u

#define ICR_TX_DONE 0x01u
#define ICR_LINK 0x04u
#define ICR_RX_LOW 0x10u
#define ICR_RX_OVERRUN 0x40u
#define ICR_RX 0x80u

#define RCTL_ENABLE 0x2u
#define RCTL_GROUPS 0x10u
#define RCTL_BROADCAST 0x8000u
#define RCTL_STRIP_FCS 0x04000000u
#define RXCSUM_TCP 0x200u
#define TCTL_ENABLE 0x2u
#define TCTL_PAD 0x8u
#define TCTL_RETRIES 0xf0u
#define TCTL_FULL_DUPLEX 0x40000u
#define TIPG_COPPER (10u | 8u << 10 | 6u << 20)
#define RAH_VALID 0x80000000u

struct e1000_rx_desc {
	uint64_t address;
	uint16_t len, checksum;
	uint8_t status, errors;
	uint16_t special;
};
#define RX_DONE 0x01u
#define RX_LAST 0x02u
#define RX_SUMS_IGNORED 0x04u
#define RX_TCP_SUMMED 0x20u
#define RX_DAMAGED 0x97u	/* CRC, symbol, sequence, carrier extension, data */
#define RX_TCP_WRONG 0x20u

struct e1000_tx_desc {
	uint64_t address;
	uint16_t len;
	uint8_t checksum_offset, command, status, checksum_start;
	uint16_t special;
};
#define TX_LAST 0x01u		/* command */
#define TX_ADD_FCS 0x02u
#define TX_REPORT 0x08u
#define TX_DONE 0x01u		/* status */

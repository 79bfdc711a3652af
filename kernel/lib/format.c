/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * printf's formatting into a buffer, without floating point and without memory of its own. Any context, also in a
 * crash.
 */
#include <kernel/log.h>
#include <kernel/string.h>

struct output {
	char *buf;
	size_t size; /* of buf, the NUL's place included */
	size_t len; /* of the whole text, cut or not */
};

/* One conversion, as the format describes it. */
struct spec {
	bool left, zero, plus, space, alternate;
	int width; /* 0: none */
	int precision; /* -1: none */
	unsigned bytes; /* of an integer argument: 1 2 4 8 */
};

static void put(struct output *out, char c)
{
	if (out->len + 1 < out->size)
		out->buf[out->len] = c;
	out->len++;
}

static void put_repeated(struct output *out, char c, int count)
{
	while (count-- > 0)
		put(out, c);
}

static void put_text(struct output *out, const struct spec *spec, const char *text, size_t len)
{
	int padding = spec->width > (int)len ? spec->width - (int)len : 0;

	if (!spec->left)
		put_repeated(out, ' ', padding);
	for (size_t i = 0; i < len; i++)
		put(out, text[i]);
	if (spec->left)
		put_repeated(out, ' ', padding);
}

static void put_string(struct output *out, const struct spec *spec, const char *text)
{
	if (!text)
		text = "(null)";
	put_text(out, spec, text, spec->precision >= 0 ? strnlen(text, spec->precision) : strlen(text));
}

/* Prefix is the sign or "0x"; the zeros that width or precision ask for come between it and the digits. */
static void put_number(struct output *out, const struct spec *spec, uint64_t value, unsigned base, bool upper,
		       const char *prefix)
{
	const char *alphabet = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	char digits[24];
	int count = 0, zeros = 0, padding;

	/* Each base by itself: a division by what the compiler does not know costs more than all the rest. */
	for (; value && base == 16; value >>= 4)
		digits[count++] = alphabet[value & 15];
	for (; value && base == 10; value /= 10)
		digits[count++] = alphabet[value % 10];
	for (; value; value /= base)
		digits[count++] = alphabet[value % base];
	if (spec->precision < 0 && !count)
		digits[count++] = '0';
	if (spec->precision > count)
		zeros = spec->precision - count;
	padding = spec->width - (int)strlen(prefix) - zeros - count;
	if (spec->zero && !spec->left && spec->precision < 0 && padding > 0) {
		zeros = padding;
		padding = 0;
	}
	if (!spec->left)
		put_repeated(out, ' ', padding);
	while (*prefix)
		put(out, *prefix++);
	put_repeated(out, '0', zeros);
	while (count)
		put(out, digits[--count]);
	if (spec->left)
		put_repeated(out, ' ', padding);
}

static void put_signed(struct output *out, const struct spec *spec, int64_t value)
{
	const char *sign = spec->plus ? "+" : spec->space ? " " : "";

	put_number(out, spec, value < 0 ? -(uint64_t)value : (uint64_t)value, 10, false, value < 0 ? "-" : sign);
}

static const char *parse_flags(const char *fmt, struct spec *spec)
{
	for (;; fmt++) {
		switch (*fmt) {
		case '-': spec->left = true; break;
		case '0': spec->zero = true; break;
		case '+': spec->plus = true; break;
		case ' ': spec->space = true; break;
		case '#': spec->alternate = true; break;
		default: return fmt;
		}
	}
}

/* A number in the format itself. One that is absurdly long is cut: nobody formats a megabyte of padding. */
static const char *parse_count(const char *fmt, int *count)
{
	*count = 0;
	for (; *fmt >= '0' && *fmt <= '9'; fmt++) {
		if (*count < 100000)
			*count = *count * 10 + (*fmt - '0');
	}
	return fmt;
}

static const char *parse_length(const char *fmt, struct spec *spec)
{
	switch (*fmt) {
	case 'h': spec->bytes = fmt[1] == 'h' ? 1 : 2; return spec->bytes == 1 ? fmt + 2 : fmt + 1;
	case 'l': spec->bytes = 8; return fmt[1] == 'l' ? fmt + 2 : fmt + 1;
	case 'z':
	case 't':
	case 'j': spec->bytes = 8; return fmt + 1;
	default: return fmt;
	}
}

/* Everything between '%' and the conversion letter; '*' takes its value from the arguments. */
static const char *parse_spec(const char *fmt, struct spec *spec, va_list *args)
{
	*spec = (struct spec){ .precision = -1, .bytes = 4 };
	fmt = parse_flags(fmt, spec);
	if (*fmt == '*') {
		spec->width = va_arg(*args, int);
		if (spec->width < 0) {
			spec->left = true;
			spec->width = spec->width == INT32_MIN ? 0 : -spec->width;
		}
		fmt++;
	} else {
		fmt = parse_count(fmt, &spec->width);
	}
	if (*fmt == '.') {
		fmt++;
		if (*fmt == '*') {
			spec->precision = max(va_arg(*args, int), -1);
			fmt++;
		} else {
			fmt = parse_count(fmt, &spec->precision);
		}
	}
	return parse_length(fmt, spec);
}

static int64_t signed_argument(const struct spec *spec, va_list *args)
{
	switch (spec->bytes) {
	case 1: return (int8_t)va_arg(*args, int);
	case 2: return (int16_t)va_arg(*args, int);
	case 4: return va_arg(*args, int);
	default: return va_arg(*args, int64_t);
	}
}

static uint64_t unsigned_argument(const struct spec *spec, va_list *args)
{
	switch (spec->bytes) {
	case 1: return (uint8_t)va_arg(*args, unsigned);
	case 2: return (uint16_t)va_arg(*args, unsigned);
	case 4: return va_arg(*args, unsigned);
	default: return va_arg(*args, uint64_t);
	}
}

static void put_unsigned(struct output *out, const struct spec *spec, char conversion, va_list *args)
{
	uint64_t value = unsigned_argument(spec, args);
	const char *prefix = "";

	if (spec->alternate && value)
		prefix = conversion == 'x' ? "0x" : conversion == 'X' ? "0X" : conversion == 'o' ? "0" : "";
	put_number(out, spec, value, conversion == 'o' ? 8 : conversion == 'u' ? 10 : 16, conversion == 'X', prefix);
}

static void put_conversion(struct output *out, const struct spec *spec, char conversion, va_list *args)
{
	char c;

	switch (conversion) {
	case 'd':
	case 'i': put_signed(out, spec, signed_argument(spec, args)); break;
	case 'u':
	case 'x':
	case 'X':
	case 'o': put_unsigned(out, spec, conversion, args); break;
	case 'p': put_number(out, spec, (uintptr_t)va_arg(*args, void *), 16, false, "0x"); break;
	case 's': put_string(out, spec, va_arg(*args, const char *)); break;
	case 'c':
		c = (char)va_arg(*args, int);
		put_text(out, spec, &c, 1);
		break;
	default:
		put(out, '%');
		if (conversion != '%')
			put(out, conversion);
	}
}

size_t format_va(char *buf, size_t size, const char *fmt, va_list original)
{
	struct output out = { buf, size, 0 };
	va_list args;

	va_copy(args, original);
	while (*fmt) {
		struct spec spec;

		if (*fmt != '%') {
			put(&out, *fmt++);
			continue;
		}
		fmt = parse_spec(fmt + 1, &spec, &args);
		if (!*fmt) {
			put(&out, '%');
			break;
		}
		put_conversion(&out, &spec, *fmt++, &args);
	}
	va_end(args);
	if (size)
		buf[min(out.len, size - 1)] = 0;
	return out.len;
}

size_t format(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	size_t len;

	va_start(args, fmt);
	len = format_va(buf, size, fmt, args);
	va_end(args);
	return len;
}

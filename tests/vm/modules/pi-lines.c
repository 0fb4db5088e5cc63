// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The GPIO lines of a Raspberry Pi, with what is soldered to them.
 *
 * A gpiochip whose lines have a level that follows from the circuit: outputs, the
 * SoC's own pulls, resistors and switches outside, and contacts between two lines,
 * as in a keypad matrix, with or without a diode. So a scan that pulls the wrong
 * way, drives the wrong side or forgets a pull reads here what it would read on
 * the bench: nothing, a ghost, or noise.
 *
 * The circuit is changed by writing commands, one per line, to `wire`:
 *	close A B	a contact between two lines
 *	close A>B	the same with a diode: current only from A to B
 *	open A B	open it again (any contact between the two)
 *	drive N 0|1|z	a switch to ground or to the supply outside; z: none
 *	pull N up|down|none	a resistor outside
 *	wait US		microseconds until the next command (bouncing contacts)
 *	changes N C US	until line N has changed C times, for at most so many microseconds
 *	outputs A,B,… US	until these lines are all outputs, for at most so long
 * The last two let a finger stay on a key until it was scanned, and off until the scan
 * has ended, so that no key is too short for an emulated processor on a busy machine.
 * `lines` shows every line, `shorts` counts outputs that fought each other or a
 * switch, `noise` counts reads of a line that nothing held. `trace` is an endless
 * file of 16-byte records, one per change of level or command: u64 CLOCK_MONOTONIC
 * nanoseconds, u16 line, u8 level, u8 what (0 level, 1 a contact closed, 2 opened).
 */
#include <linux/bitmap.h>
#include <linux/delay.h>
#include <linux/gpio/driver.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqdomain.h>
#include <linux/module.h>
#include <linux/pinctrl/pinconf-generic.h>
#include <linux/platform_device.h>
#include <linux/random.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <linux/timekeeping.h>

#define LINES 58		/* GPIO0 to GPIO57 of the BCM2711 */
#define CONTACTS 64
#define RECORDS 4096

static char *label = "pinctrl-bcm2711";
module_param(label, charp, 0444);
MODULE_PARM_DESC(label, "the chip's label, by which libraries know a Pi");

/* Who wins where two levels meet. */
enum strength { NOBODY, INTERNAL, RESISTOR, STRONG };

struct line {
	bool output, value;
	s8 bias;		/* the SoC's pull: -1 down, 0 none, 1 up */
	s8 pull;		/* a resistor outside */
	s8 drive;		/* a switch outside: 0, 1, or -1 for none */
	bool level, held;
	u32 edges;		/* IRQ_TYPE_EDGE_*; 0: masked */
	bool unmasked;
	u32 changes;
};

struct contact {
	u8 a, b;
	bool used, diode;
};

struct record {
	__le64 ns;
	__le16 line;
	u8 level, what;
	__le32 spare;
};

struct pi {
	struct gpio_chip chip;
	spinlock_t lock;
	struct mutex script;	/* one script of commands at a time */
	struct line line[LINES];
	struct contact contact[CONTACTS];
	struct record *ring;
	u64 written;
	unsigned long shorts, noise;
};

static void note(struct pi *pi, unsigned int line, bool level, u8 what)
{
	struct record *r = &pi->ring[pi->written++ % RECORDS];

	r->ns = cpu_to_le64(ktime_get_ns());
	r->line = cpu_to_le16(line);
	r->level = level;
	r->what = what;
	r->spare = 0;
}

struct node {
	enum strength by;
	bool level;
};

/* What a line would have without any contact. */
static struct node alone(struct pi *pi, unsigned int n)
{
	struct line *l = &pi->line[n];

	if (l->output) {
		if (l->drive >= 0 && l->drive != l->value)
			pi->shorts++;
		return (struct node){ STRONG, l->value };
	}
	if (l->drive >= 0)
		return (struct node){ STRONG, l->drive };
	if (l->pull)
		return (struct node){ RESISTOR, l->pull > 0 };
	if (l->bias)
		return (struct node){ INTERNAL, l->bias > 0 };
	return (struct node){ NOBODY, l->level };
}

/* Let `from` act on `to`; true if that changed something. */
static bool flow(struct pi *pi, struct node *from, struct node *to, bool *shorted)
{
	if (from->by > to->by) {
		*to = *from;
		return true;
	}
	if (from->by == STRONG && to->by == STRONG && from->level != to->level)
		*shorted = true;
	return false;
}

/* Level of every line: the strongest source that reaches it through contacts. */
static void settle(struct pi *pi, struct node *node)
{
	bool again = true, shorted = false;
	unsigned int n, c;

	for (n = 0; n < LINES; n++)
		node[n] = alone(pi, n);
	while (again) {
		again = false;
		for (c = 0; c < CONTACTS; c++) {
			struct contact *k = &pi->contact[c];
			struct node *a = &node[k->a], *b = &node[k->b];

			if (!k->used)
				continue;
			/* A diode passes a high level forwards and a low one backwards. */
			if (!k->diode || a->level)
				again |= flow(pi, a, b, &shorted);
			if (!k->diode || !b->level)
				again |= flow(pi, b, a, &shorted);
		}
	}
	pi->shorts += shorted;
}

/* Work the circuit out anew; `fire` gets the lines whose edge somebody waits for. */
static void resolve(struct pi *pi, unsigned long *fire)
{
	struct node node[LINES];
	unsigned int n;

	lockdep_assert_held(&pi->lock);
	settle(pi, node);
	for (n = 0; n < LINES; n++) {
		struct line *l = &pi->line[n];
		u32 edge = node[n].level ? IRQ_TYPE_EDGE_RISING : IRQ_TYPE_EDGE_FALLING;

		l->held = node[n].by != NOBODY;
		if (node[n].level == l->level)
			continue;
		l->level = node[n].level;
		l->changes++;
		note(pi, n, l->level, 0);
		if (l->unmasked && l->edges & edge)
			__set_bit(n, fire);
	}
}

static void update(struct pi *pi, unsigned long flags)
{
	DECLARE_BITMAP(fire, LINES) = {};
	unsigned int n;

	resolve(pi, fire);
	spin_unlock_irqrestore(&pi->lock, flags);
	for_each_set_bit(n, fire, LINES)
		generic_handle_domain_irq_safe(pi->chip.irq.domain, n);
}

/* The gpiochip */

static int pi_get_direction(struct gpio_chip *gc, unsigned int n)
{
	struct pi *pi = gpiochip_get_data(gc);

	return pi->line[n].output ? GPIO_LINE_DIRECTION_OUT : GPIO_LINE_DIRECTION_IN;
}

static int pi_input(struct gpio_chip *gc, unsigned int n)
{
	struct pi *pi = gpiochip_get_data(gc);
	unsigned long flags;

	spin_lock_irqsave(&pi->lock, flags);
	pi->line[n].output = false;
	update(pi, flags);
	return 0;
}

static int pi_output(struct gpio_chip *gc, unsigned int n, int value)
{
	struct pi *pi = gpiochip_get_data(gc);
	unsigned long flags;

	spin_lock_irqsave(&pi->lock, flags);
	pi->line[n].output = true;
	pi->line[n].value = value;
	update(pi, flags);
	return 0;
}

static int pi_get(struct gpio_chip *gc, unsigned int n)
{
	struct pi *pi = gpiochip_get_data(gc);
	unsigned long flags;
	int level;

	spin_lock_irqsave(&pi->lock, flags);
	level = pi->line[n].level;
	if (!pi->line[n].held) {
		pi->noise++;
		level = get_random_u8() & 1;
	}
	spin_unlock_irqrestore(&pi->lock, flags);
	return level;
}

static void pi_set(struct gpio_chip *gc, unsigned int n, int value)
{
	struct pi *pi = gpiochip_get_data(gc);
	unsigned long flags;

	spin_lock_irqsave(&pi->lock, flags);
	pi->line[n].value = value;
	update(pi, flags);
}

static int pi_set_config(struct gpio_chip *gc, unsigned int n, unsigned long config)
{
	struct pi *pi = gpiochip_get_data(gc);
	unsigned long flags;
	s8 bias;

	switch (pinconf_to_config_param(config)) {
	case PIN_CONFIG_BIAS_DISABLE:
		bias = 0;
		break;
	case PIN_CONFIG_BIAS_PULL_UP:
		bias = 1;
		break;
	case PIN_CONFIG_BIAS_PULL_DOWN:
		bias = -1;
		break;
	default:
		return -ENOTSUPP;
	}
	spin_lock_irqsave(&pi->lock, flags);
	pi->line[n].bias = bias;
	update(pi, flags);
	return 0;
}

/* Interrupts: edges only, as `update` finds them. */

static void pi_irq_mask(struct irq_data *d)
{
	struct gpio_chip *gc = irq_data_get_irq_chip_data(d);
	struct pi *pi = gpiochip_get_data(gc);

	WRITE_ONCE(pi->line[irqd_to_hwirq(d)].unmasked, false);
	gpiochip_disable_irq(gc, irqd_to_hwirq(d));
}

static void pi_irq_unmask(struct irq_data *d)
{
	struct gpio_chip *gc = irq_data_get_irq_chip_data(d);
	struct pi *pi = gpiochip_get_data(gc);

	gpiochip_enable_irq(gc, irqd_to_hwirq(d));
	WRITE_ONCE(pi->line[irqd_to_hwirq(d)].unmasked, true);
}

static int pi_irq_set_type(struct irq_data *d, unsigned int type)
{
	struct gpio_chip *gc = irq_data_get_irq_chip_data(d);
	struct pi *pi = gpiochip_get_data(gc);

	if (type & ~IRQ_TYPE_EDGE_BOTH)
		return -EINVAL;
	WRITE_ONCE(pi->line[irqd_to_hwirq(d)].edges, type);
	return 0;
}

static const struct irq_chip pi_irq_chip = {
	.name = "pi-lines",
	.irq_mask = pi_irq_mask,
	.irq_unmask = pi_irq_unmask,
	.irq_set_type = pi_irq_set_type,
	.flags = IRQCHIP_IMMUTABLE,
	GPIOCHIP_IRQ_RESOURCE_HELPERS,
};

/* The circuit, from outside */

static int set_contact(struct pi *pi, unsigned int a, unsigned int b, bool diode, bool closed)
{
	struct contact *free = NULL, *k;
	unsigned int c;

	for (c = 0; c < CONTACTS; c++) {
		k = &pi->contact[c];
		if (!k->used)
			free = free ?: k;
		else if ((k->a == a && k->b == b) || (k->a == b && k->b == a))
			k->used = false, free = k;
	}
	if (!closed)
		return 0;
	if (!free)
		return -ENOSPC;
	*free = (struct contact){ .a = a, .b = b, .used = true, .diode = diode };
	return 0;
}

/* One command that changes the circuit; the lock is held. */
static int rewire(struct pi *pi, const char *command)
{
	unsigned int a, b;
	char word[8];

	if (sscanf(command, "close %u>%u", &a, &b) == 2 || sscanf(command, "close %u %u", &a, &b) == 2 ||
	    sscanf(command, "open %u %u", &a, &b) == 2) {
		bool closed = command[0] == 'c';

		if (a >= LINES || b >= LINES || a == b)
			return -EINVAL;
		note(pi, a, closed, closed ? 1 : 2);
		return set_contact(pi, a, b, strchr(command, '>'), closed);
	}
	if (sscanf(command, "drive %u %7s", &a, word) == 2 && a < LINES) {
		if (strcmp(word, "0") && strcmp(word, "1") && strcmp(word, "z"))
			return -EINVAL;
		pi->line[a].drive = word[0] == 'z' ? -1 : word[0] - '0';
		return 0;
	}
	if (sscanf(command, "pull %u %7s", &a, word) == 2 && a < LINES) {
		if (strcmp(word, "up") && strcmp(word, "down") && strcmp(word, "none"))
			return -EINVAL;
		pi->line[a].pull = word[0] == 'n' ? 0 : word[0] == 'u' ? 1 : -1;
		return 0;
	}
	return -EINVAL;
}

/* Sleep until `done` says so; false if the time is up or somebody wants to kill us. */
static bool wait_until(struct pi *pi, unsigned int us, bool (*done)(struct pi *, const void *), const void *what)
{
	ktime_t end = ktime_add_us(ktime_get(), us);

	while (!done(pi, what)) {
		if (ktime_after(ktime_get(), end) || signal_pending(current))
			return false;
		usleep_range(500, 1000);
	}
	return true;
}

struct count {
	unsigned int line;
	u32 changes;
};

static bool changed(struct pi *pi, const void *what)
{
	const struct count *c = what;

	return (s32)(READ_ONCE(pi->line[c->line].changes) - c->changes) >= 0;
}

static bool all_outputs(struct pi *pi, const void *what)
{
	unsigned int n;

	for_each_set_bit(n, what, LINES)
		if (!READ_ONCE(pi->line[n].output))
			return false;
	return true;
}

/* One of the commands that take time; 1 if it is none of them. */
static int pause(struct pi *pi, const char *text)
{
	DECLARE_BITMAP(lines, LINES) = {};
	struct count count;
	unsigned int us, many;
	char list[64];

	if (sscanf(text, "wait %u", &us) == 1) {
		usleep_range(us, us + 20);
		return 0;
	}
	if (sscanf(text, "changes %u %u %u", &count.line, &many, &us) == 3 && count.line < LINES) {
		count.changes = READ_ONCE(pi->line[count.line].changes) + many;
		return wait_until(pi, us, changed, &count) ? 0 : -ETIMEDOUT;
	}
	if (sscanf(text, "outputs %63s %u", list, &us) == 2 && !bitmap_parselist(list, lines, LINES))
		return wait_until(pi, us, all_outputs, lines) ? 0 : -ETIMEDOUT;
	return 1;
}

static int command(struct pi *pi, const char *text)
{
	unsigned long flags;
	int error = pause(pi, text);

	if (error <= 0)
		return error;
	spin_lock_irqsave(&pi->lock, flags);
	error = rewire(pi, text);
	update(pi, flags);
	return error;
}

static ssize_t wire_store(struct device *dev, struct device_attribute *attr, const char *buf, size_t count)
{
	struct pi *pi = dev_get_drvdata(dev);
	char *copy = kstrndup(buf, count, GFP_KERNEL), *rest = copy, *one;
	int error = 0;

	if (!copy)
		return -ENOMEM;
	mutex_lock(&pi->script);
	while (!error && (one = strsep(&rest, "\n;")))
		if (*strim(one))
			error = command(pi, strim(one));
	mutex_unlock(&pi->script);
	kfree(copy);
	return error ?: count;
}
static DEVICE_ATTR_WO(wire);

static ssize_t lines_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	static const char * const bias[] = { "down", "none", "up" };
	struct pi *pi = dev_get_drvdata(dev);
	unsigned long flags;
	int n, at = 0;

	spin_lock_irqsave(&pi->lock, flags);
	for (n = 0; n < LINES; n++)
		at += sysfs_emit_at(buf, at, "%d %s %s %d\n", n, pi->line[n].output ? "out" : "in",
				    bias[pi->line[n].bias + 1],
				    pi->line[n].held ? pi->line[n].level : -1);
	spin_unlock_irqrestore(&pi->lock, flags);
	return at;
}
static DEVICE_ATTR_RO(lines);

static ssize_t shorts_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct pi *pi = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%lu\n", pi->shorts);
}
static DEVICE_ATTR_RO(shorts);

static ssize_t noise_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct pi *pi = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%lu\n", pi->noise);
}
static DEVICE_ATTR_RO(noise);

static ssize_t trace_read(struct file *file, struct kobject *kobj, struct bin_attribute *attr,
			  char *buf, loff_t off, size_t count)
{
	struct pi *pi = dev_get_drvdata(kobj_to_dev(kobj));
	u64 next = off / sizeof(struct record);
	unsigned long flags;
	size_t n = 0;

	spin_lock_irqsave(&pi->lock, flags);
	for (; next < pi->written && n + sizeof(struct record) <= count; next++) {
		static const struct record lost;

		memcpy(buf + n, next + RECORDS < pi->written ? &lost : &pi->ring[next % RECORDS],
		       sizeof(struct record));
		n += sizeof(struct record);
	}
	spin_unlock_irqrestore(&pi->lock, flags);
	return n;
}
static BIN_ATTR_RO(trace, 0);

static struct attribute *pi_attrs[] = {
	&dev_attr_wire.attr, &dev_attr_lines.attr, &dev_attr_shorts.attr, &dev_attr_noise.attr, NULL
};
static struct bin_attribute *pi_bin_attrs[] = { &bin_attr_trace, NULL };
static const struct attribute_group pi_group = { .attrs = pi_attrs, .bin_attrs = pi_bin_attrs };
static const struct attribute_group *pi_groups[] = { &pi_group, NULL };

static int pi_probe(struct platform_device *pdev)
{
	struct pi *pi = devm_kzalloc(&pdev->dev, sizeof(*pi), GFP_KERNEL);
	struct gpio_irq_chip *irq;
	unsigned int n;

	if (!pi)
		return -ENOMEM;
	pi->ring = devm_kcalloc(&pdev->dev, RECORDS, sizeof(struct record), GFP_KERNEL);
	if (!pi->ring)
		return -ENOMEM;
	spin_lock_init(&pi->lock);
	mutex_init(&pi->script);
	/* The BCM2711's pulls after reset (data sheet, 5.3): up on GPIO0 to 8, down above. */
	for (n = 0; n < LINES; n++)
		pi->line[n] = (struct line){ .bias = n < 9 ? 1 : -1, .drive = -1, .level = n < 9, .held = true };
	platform_set_drvdata(pdev, pi);
	pi->chip = (struct gpio_chip){
		.label = label, .parent = &pdev->dev, .owner = THIS_MODULE, .base = -1, .ngpio = LINES,
		.get_direction = pi_get_direction, .direction_input = pi_input,
		.direction_output = pi_output, .get = pi_get, .set = pi_set, .set_config = pi_set_config,
	};
	irq = &pi->chip.irq;
	gpio_irq_chip_set_chip(irq, &pi_irq_chip);
	irq->handler = handle_simple_irq;
	irq->default_type = IRQ_TYPE_NONE;
	return devm_gpiochip_add_data(&pdev->dev, &pi->chip, pi);
}

static struct platform_driver pi_driver = {
	.probe = pi_probe,
	.driver = { .name = "pi-lines", .dev_groups = pi_groups },
};
static struct platform_device *pi_device;

static int __init pi_init(void)
{
	int error = platform_driver_register(&pi_driver);

	if (error)
		return error;
	pi_device = platform_device_register_simple("pi-lines", PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(pi_device)) {
		platform_driver_unregister(&pi_driver);
		return PTR_ERR(pi_device);
	}
	return 0;
}

static void __exit pi_exit(void)
{
	platform_device_unregister(pi_device);
	platform_driver_unregister(&pi_driver);
}

module_init(pi_init);
module_exit(pi_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("GPIO lines of a Raspberry Pi with a circuit on them");

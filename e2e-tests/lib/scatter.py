"""Draws what variants cost against what they give: an SVG with a panel for each model, size across and quality upwards, the
front as a line, and labels that keep clear of each other."""

import html
import math

WIDTH, PANEL, LEFT, RIGHT, TOP, BOTTOM = 900, 400, 74, 24, 40, 46
TICKS = [0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999]
FINEST = 0.999  # above it is what one text says and another takes back
GLYPHS = {"circle": '<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" {style}/>',
          "square": '<rect x="{a:.1f}" y="{b:.1f}" width="8" height="8" {style}/>',
          "diamond": '<path d="M{x:.1f},{b:.1f}l5,5l-5,5l-5,-5z" {style}/>',
          "triangle": '<path d="M{x:.1f},{b:.1f}l5,9h-10z" {style}/>'}


class Point:
    """A variant: `kind` is a key of the legend, `front` whether no other beats it."""

    def __init__(self, name, megabytes, quality, kind, front):
        self.name, self.megabytes, self.quality, self.kind, self.front = name, megabytes, quality, kind, front


def height(quality):
    """Where a quality lies between the worst that is drawn and the best: equal steps for equal factors of what is lost."""
    return -math.log10(1 - min(quality, FINEST))


class Panel:
    """The variants of one model."""

    def __init__(self, title, points, top, kinds):
        self.title, self.points, self.top, self.kinds = title, points, top, kinds
        sizes = [point.megabytes for point in points]
        self.small, self.large = min(sizes) / 1.12, max(sizes) * 1.18
        worst = min(point.quality for point in points)
        self.low = height(max((tick for tick in TICKS if tick < worst), default=min(worst, TICKS[0]) - 0.05))
        self.taken, self.out = [], []

    def x(self, megabytes):
        share = math.log(megabytes / self.small) / math.log(self.large / self.small)
        return LEFT + (WIDTH - LEFT - RIGHT) * share

    def y(self, quality):
        room = PANEL - TOP - BOTTOM
        return self.top + PANEL - BOTTOM - room * max(0, height(quality) - self.low) / (height(FINEST) - self.low)

    def draw(self):
        self.axes()
        front = sorted((p for p in self.points if p.front), key=lambda p: p.megabytes)
        line = " ".join(f"{self.x(p.megabytes):.1f},{self.y(p.quality):.1f}" for p in front)
        self.out.append(f'<polyline points="{line}" fill="none" stroke="#999" stroke-width="1.5"/>')
        for p in self.points:
            x, y = self.x(p.megabytes), self.y(p.quality)
            self.taken.append((x - 6, y - 6, x + 6, y + 6))
            glyph, colour = self.kinds[p.kind]
            style = f'fill="{colour if p.front else "white"}" stroke="{colour}" stroke-width="1.5"'
            self.out.append(GLYPHS[glyph].format(x=x, y=y, a=x - 4, b=y - 5, style=style))
        for p in sorted(self.points, key=lambda p: (not p.front, p.megabytes)):
            self.label(p)
        return self.out

    def axes(self):
        left, right, bottom, top = LEFT, WIDTH - RIGHT, self.top + PANEL - BOTTOM, self.top + TOP
        self.out.append(f'<text x="{left}" y="{self.top + 24}" font-size="15" font-weight="bold">{html.escape(self.title)}</text>')
        for tick in TICKS:
            if height(tick) >= self.low:
                y = self.y(tick)
                name = f"≥ {tick:g}" if tick == FINEST else f"{tick:g}"
                self.out.append(f'<path d="M{left},{y:.1f}H{right}" stroke="#e4e4e4"/>'
                                f'<text x="{left - 7}" y="{y + 4:.1f}" text-anchor="end">{name}</text>')
        for tick in self.sizes():
            x = self.x(tick)
            self.out.append(f'<path d="M{x:.1f},{bottom}V{top}" stroke="#e4e4e4"/>'
                            f'<text x="{x:.1f}" y="{bottom + 17}" text-anchor="middle">{tick:g}</text>')
        self.out.append(f'<path d="M{left},{top}V{bottom}H{right}" fill="none" stroke="#444"/>'
                        f'<text x="{(left + right) / 2}" y="{bottom + 36}" text-anchor="middle">size, MB</text>'
                        f'<text transform="translate(20,{(top + bottom) / 2}) rotate(-90)" text-anchor="middle">'
                        'quality (F16 = 1)</text>')

    def sizes(self):
        steps = [m * 10 ** e for e in range(1, 6) for m in (1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8)]
        return [step for step in steps if self.small < step < self.large]

    def label(self, p):
        """Beside its point where nothing else lies, or further away at the end of a line."""
        x, y, width = self.x(p.megabytes), self.y(p.quality), 5.9 * len(p.name)
        best = None
        for distance in (9, 16, 24, 34, 46, 60):
            for turn in (0, 180, 315, 45, 225, 135, 270, 90, 337, 22, 202, 158, 292, 248, 68, 112):
                dx, dy = distance * math.cos(math.radians(turn)), distance * math.sin(math.radians(turn))
                a = x + dx - (0 if dx > 1 else width if dx < -1 else width / 2)
                b = y + dy - 6
                box = (a, b, a + width, b + 12)
                inside = LEFT + 2 < a and a + width < WIDTH - 4 and self.top + TOP - 14 < b and b + 12 < self.top + PANEL - BOTTOM
                cost = (0 if inside else 5000) + sum(overlap(box, other) for other in self.taken) + distance / 10
                if best is None or cost < best[0]:
                    best = (cost, box, distance, x + dx, y + dy)
        _, box, distance, x2, y2 = best
        self.taken.append(box)
        if distance > 9:
            self.out.append(f'<path d="M{x:.1f},{y:.1f}L{x2:.1f},{y2:.1f}" stroke="#aaa" stroke-width="0.8"/>')
        self.out.append(f'<text x="{box[0]:.1f}" y="{box[1] + 10:.1f}" font-size="11">'
                        f'{html.escape(p.name)}</text>')


def overlap(one, other):
    """The area that two boxes share."""
    return max(0, min(one[2], other[2]) - max(one[0], other[0])) * max(0, min(one[3], other[3]) - max(one[1], other[1]))


def draw(models, kinds):
    """The picture. `models`: title and points; `kinds`: their glyphs and colours, in the order of the legend."""
    tall = 34 + PANEL * len(models)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {tall}" font-family="sans-serif" font-size="12" fill="#333">',
           f'<rect width="{WIDTH}" height="{tall}" fill="white"/>']
    x = LEFT
    for name, (glyph, colour) in kinds.items():
        style = f'fill="{colour}" stroke="{colour}"'
        out.append(GLYPHS[glyph].format(x=x, y=20, a=x - 4, b=15, style=style) + f'<text x="{x + 10}" y="24">{name}</text>')
        x += 32 + 6.6 * len(name)
    out.append(f'<text x="{WIDTH - RIGHT}" y="24" text-anchor="end">filled: no other is smaller and as good</text>')
    for number, (title, points) in enumerate(models):
        out += Panel(title, points, 34 + PANEL * number, kinds).draw()
    return "\n".join([*out, "</svg>", ""])

// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iomanip>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Just enough SVG for lines over a day.
namespace chart {

struct Point {
    double x = 0;
    std::optional<double> y; // nothing: a gap in the line
};

struct Line {
    std::string name, colour;
    std::vector<Point> points;
};

/// A part of the x axis to shade, with its name.
struct Span {
    double from = 0, to = 0;
    std::string name;
    bool minor = false; // paler, and without a name in the picture
};

struct Tick {
    double at = 0;
    std::string name;
};

/// One coordinate system. `logarithmic`: the y axis counts factors.
struct Panel {
    std::string title;
    double low = 0, high = 1;
    bool logarithmic = false;
    std::vector<Tick> ticks;
    std::vector<Line> lines;
};

inline std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else if (c == '&')
            out += "&amp;";
        else
            out += c;
    }
    return out;
}

/// Panels one below the other over a common x axis of hours, the spans shaded in each.
class Figure {
public:
    Figure(std::string title, double hours) : title_(std::move(title)), hours_(hours) {}

    std::vector<Span> spans;
    std::vector<Panel> panels;

    std::string svg() {
        const double height = top + static_cast<double>(panels.size()) * (panel_height + gap) + 16;
        out_.str({});
        out_ << std::fixed << std::setprecision(1);
        out_ << "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " << width << ' ' << height
             << "\" font-family=\"sans-serif\" font-size=\"13\">\n<rect width=\"100%\" height=\"100%\" "
                "fill=\"white\"/>\n";
        text(left, 26, title_, "start", 17);
        legend();
        double y = top;
        for (const Panel& panel : panels) {
            draw(panel, y, y == top);
            y += panel_height + gap;
        }
        out_ << "</svg>\n";
        return out_.str();
    }

private:
    static constexpr double width = 1120, left = 64, right = 24, top = 158, panel_height = 230, gap = 58;

    double x_of(double hour) const { return left + hour / hours_ * (width - left - right); }
    static double y_of(const Panel& panel, double value, double y) {
        value = std::clamp(value, panel.low, panel.high);
        const double part = panel.logarithmic ? std::log(value / panel.low) / std::log(panel.high / panel.low)
                                              : (value - panel.low) / (panel.high - panel.low);
        return y + panel_height * (1 - part);
    }

    void text(double x, double y, std::string_view what, const char* anchor, int size = 13,
              const char* more = "") {
        out_ << "<text x=\"" << x << "\" y=\"" << y << "\" text-anchor=\"" << anchor << "\" font-size=\""
             << size << "\" fill=\"#333\" " << more << '>' << escaped(what) << "</text>\n";
    }
    void rule(double x1, double y1, double x2, double y2, const char* colour) {
        out_ << "<line x1=\"" << x1 << "\" y1=\"" << y1 << "\" x2=\"" << x2 << "\" y2=\"" << y2
             << "\" stroke=\"" << colour << "\"/>\n";
    }

    void legend() {
        if (panels.empty()) return;
        double x = left;
        for (const Line& line : panels.front().lines) {
            out_ << "<line x1=\"" << x << "\" y1=\"46\" x2=\"" << x + 28 << "\" y2=\"46\" stroke=\""
                 << line.colour << "\" stroke-width=\"3\"/>\n";
            text(x + 35, 50, line.name, "start");
            x += 60 + 7.2 * static_cast<double>(line.name.size());
        }
    }

    void draw(const Panel& panel, double y, bool names) {
        for (const Span& span : spans) {
            const double from = x_of(span.from), wide = std::max(1.5, x_of(span.to) - from);
            out_ << "<rect x=\"" << from << "\" y=\"" << y << "\" width=\"" << wide << "\" height=\""
                 << panel_height << "\" fill=\"" << (span.minor ? "#c9d8ee" : "#f3c9c2")
                 << "\" fill-opacity=\"0.6\"/>\n";
            if (!names || span.minor) continue;
            std::ostringstream turn;
            turn << "transform=\"rotate(-28 " << from + wide / 2 << ' ' << y - 22 << ")\"";
            text(from + wide / 2, y - 22, span.name, "start", 12, turn.str().c_str());
        }
        text(left, y - 7, panel.title, "start", 14, "font-weight=\"bold\"");
        for (const Tick& tick : panel.ticks) {
            const double at = y_of(panel, tick.at, y);
            rule(left, at, width - right, at, "#dddddd");
            text(left - 7, at + 4, tick.name, "end");
        }
        for (int hour = 0; hour <= static_cast<int>(hours_); hour += 2) {
            const double x = x_of(hour);
            rule(x, y + panel_height, x, y + panel_height + 5, "#333");
            text(x, y + panel_height + 20, (hour < 10 ? "0" : "") + std::to_string(hour) + ":00", "middle");
        }
        double stroke = 2 + 1.6 * static_cast<double>(panel.lines.size() - 1); // so that none hides another
        for (const Line& line : panel.lines) {
            out_ << "<path fill=\"none\" stroke=\"" << line.colour << "\" stroke-width=\"" << stroke
                 << "\" stroke-linejoin=\"round\" d=\"";
            stroke -= 1.6;
            bool pen_down = false;
            for (const Point& point : line.points) {
                if (!point.y) {
                    pen_down = false;
                    continue;
                }
                out_ << (pen_down ? 'L' : 'M') << x_of(point.x) << ' ' << y_of(panel, *point.y, y) << ' ';
                pen_down = true;
            }
            out_ << "\"/>\n";
        }
        rule(left, y, left, y + panel_height, "#333");
        rule(left, y + panel_height, width - right, y + panel_height, "#333");
    }

    std::string title_;
    double hours_;
    std::ostringstream out_;
};

} // namespace chart

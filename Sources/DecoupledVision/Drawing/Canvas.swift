/// Simple shapes and digits in a photo; what lies outside is not drawn.
extension RGBImage {
  public typealias Colour = (red: UInt8, green: UInt8, blue: UInt8)

  /// Copies an image with its upper left corner at (x, y).
  public mutating func paste(_ image: RGBImage, x: Int, y: Int) {
    for row in max(0, -y)..<max(max(0, -y), min(image.height, height - y)) {
      for column in max(0, -x)..<max(max(0, -x), min(image.width, width - x)) {
        self[x + column, y + row] = image[column, row]
      }
    }
  }

  /// Fills a window.
  public mutating func fill(_ window: Window, _ colour: Colour) {
    for y in max(window.y1, 0)..<max(max(window.y1, 0), min(window.y2 + 1, height)) {
      for x in max(window.x1, 0)..<max(max(window.x1, 0), min(window.x2 + 1, width)) { self[x, y] = colour }
    }
  }

  /// Draws a straight line of one pixel.
  public mutating func line(from start: (x: Int, y: Int), to end: (x: Int, y: Int), _ colour: Colour) {
    let steps = max(abs(end.x - start.x), abs(end.y - start.y), 1)
    for step in 0...steps {
      let share = Double(step) / Double(steps)
      let x = start.x + Int((Double(end.x - start.x) * share).rounded())
      let y = start.y + Int((Double(end.y - start.y) * share).rounded())
      if x >= 0, y >= 0, x < width, y < height { self[x, y] = colour }
    }
  }

  /// Writes small text (each sign 3x5 pixels, times `scale`): letters as capitals, digits and `. - + % / : _`; others
  /// are blank.
  /// - Returns: the width of the text in pixels.
  @discardableResult
  public mutating func write(_ text: String, x: Int, y: Int, _ colour: Colour, scale: Int = 1) -> Int {
    var left = x
    for sign in text.uppercased() {
      let bits = Glyphs.bits[sign] ?? 0
      for place in 0..<15 where bits >> (14 - place) & 1 == 1 {
        let (px, py) = (left + place % 3 * scale, y + place / 3 * scale)
        fill(Window(x1: px, y1: py, x2: px + scale - 1, y2: py + scale - 1), colour)
      }
      left += 4 * scale
    }
    return left - x
  }
}

/// Signs of 3x5 pixels: five octal digits, one a row from the top, its bits from left to right.
private enum Glyphs {
  static let bits: [Character: Int] = [
    "0": 0o75557, "1": 0o26227, "2": 0o71747, "3": 0o71717, "4": 0o55711, "5": 0o74717, "6": 0o74757, "7": 0o71222,
    "8": 0o75757, "9": 0o75717, ".": 0o00002, "-": 0o00700, "+": 0o02720, "%": 0o51245, "/": 0o11244, ":": 0o02020,
    "_": 0o00007, "A": 0o25755, "B": 0o65656, "C": 0o34443, "D": 0o65556, "E": 0o74647, "F": 0o74644, "G": 0o34553,
    "H": 0o55755, "I": 0o72227, "J": 0o11152, "K": 0o55655, "L": 0o44447, "M": 0o57755, "N": 0o65555, "O": 0o25552,
    "P": 0o65644, "Q": 0o25563, "R": 0o65655, "S": 0o34216, "T": 0o72222, "U": 0o55557, "V": 0o55552, "W": 0o55775,
    "X": 0o55255, "Y": 0o55222, "Z": 0o71247,
  ]
}

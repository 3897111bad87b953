import DecoupledBase

/// Windows from object proposals and from random sampling, as the paper has them (section 5).
///
/// The paper says neither how the windows are divided between the two nor what "enclosing" means for a proposal; here a
/// proposal qualifies when it holds the same share of the foreground's pixels that random windows must hold. Of N windows at
/// most `share` * N are proposals, the best first and each once; the others are random windows, also where too few
/// proposals qualify.
public struct ProposalWindowSource: WindowSource, Equatable {
  /// Largest share of the windows that are proposals, 0...1.
  public let share: Double
  /// Every proposal first grows by this share of its width to the left and right, and of its height up and down; it may
  /// leave the image then.
  public let growth: Double
  /// Where the other windows come from; its `enclosedShare` holds for the proposals too.
  public let random: RandomWindowSource

  /// - Throws: `EngineError` when the share is not in 0...1 or the growth not in 0...1.
  public init(share: Double = 0.5, growth: Double = 0, random: RandomWindowSource = .enclosing) throws {
    guard (0...1).contains(share), (0...1).contains(growth) else {
      throw EngineError(
        .format, "The share of proposals \(share) and their growth \(growth) must both lie between 0 and 1.")
    }
    self.share = share
    self.growth = growth
    self.random = random
  }

  public func windows(
    for foreground: Foreground, proposals: [Window], count: Int, random: inout CounterRandom
  ) -> [Window] {
    let chosen = chosen(for: foreground, from: proposals, of: count)
    return chosen
      + self.random.windows(for: foreground, proposals: [], count: count - chosen.count, random: &random)
  }

  public func window(
    for foreground: Foreground, proposals: [Window], of total: Int, random: inout CounterRandom
  ) -> Window? {
    let chosen = chosen(for: foreground, from: proposals, of: total)
    let place = random.int(0...(max(total, 1) - 1))
    if place < chosen.count { return chosen[place] }
    return self.random.window(for: foreground, proposals: [], of: total, random: &random)
  }

  /// The proposals among `count` windows.
  private func chosen(for foreground: Foreground, from proposals: [Window], of count: Int) -> [Window] {
    guard foreground.count > 0 else { return [] }
    let wanted = Int((share * Double(max(count, 0))).rounded())
    let least = random.enclosedShare * Double(foreground.count)
    let qualifying = proposals.lazy.map(grown).filter { Double(foreground.count(in: $0)) >= least }
    return Array(qualifying.prefix(wanted))
  }

  private func grown(_ window: Window) -> Window {
    let dx = Int((growth * Double(window.width)).rounded())
    let dy = Int((growth * Double(window.height)).rounded())
    return Window(x1: window.x1 - dx, y1: window.y1 - dy, x2: window.x2 + dx, y2: window.y2 + dy)
  }
}

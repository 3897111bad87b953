import DecoupledBase
import FoundationEssentials
import Testing

/// Settings that are declared in one list: reading, writing, refusing, describing.
struct SettingTests {
  enum Colour: String, SettingChoice { case red, green }

  struct Inner: SettingGroup {
    var depth = 2
    static let groupName = "the inside"
    static let settings: [Setting<Self>] = [.number("depth", \.depth, .between(1, 4), "How deep.")]
    static let presets = [(name: "deep", group: Self(depth: 4))]
    init() {}
    init(depth: Int) { self.depth = depth }
  }

  struct Outer: SettingGroup {
    var share = 0.5
    var limit: Double?
    var span: [Double] = [0, 1]
    var sides = [1, 2]
    var colour = Colour.red
    var isOn = false
    var inner = Inner(depth: 3)
    var other: Inner?
    var rules: [Inner] = []

    static let groupName = "the outside"
    static let settings: [Setting<Self>] = [
      .number("share", \.share, .atLeast(0, below: 1), "A share."),
      .number("limit", \.limit, .above(0), "A limit."),
      .interval("span", \.span, .between(0, 4), "From here to there."),
      .numbers("sides", \.sides, .atLeast(1), "Sides."),
      .choice("colour", \.colour, "Which colour."),
      .flag("is_on", \.isOn, "Whether it is on."),
      .group("inner", \.inner, "The inside."),
      .group("other", \.other, "Another inside."),
      .groups("rules", \.rules, "Many insides."),
    ]
    init() {}
    var conflict: String? { isOn && colour == .red ? "red cannot be on." : nil }
  }

  private func read(_ json: String) throws -> Outer {
    try JSONDecoder().decode(Outer.self, from: Data(json.utf8))
  }

  private func refusal(_ json: String) -> String? {
    do {
      _ = try read(json)
      return nil
    } catch { return JSONProblem.sentence(error) }
  }

  @Test func whatIsLeftOutKeepsItsDefault() throws {
    #expect(try read("{}") == Outer())
    let some = try read(#"{"share": 0.25, "inner": {}, "limit": null, "colour": "green", "other": {}}"#)
    #expect(some.share == 0.25 && some.inner.depth == 3 && some.limit == nil && some.colour == .green)
    #expect(some.other == Inner())
    #expect(try read(#"{"inner": "deep", "rules": [{"depth": 1}, "deep"]}"#).rules.map(\.depth) == [1, 4])
  }

  @Test func whatIsWrittenIsReadAgain() throws {
    var settings = Outer()
    (settings.limit, settings.rules, settings.isOn) = (3, [Inner(), Inner(depth: 4)], true)
    let text = try JSONText.of(settings)
    #expect(try read(text) == settings)
    #expect(
      try JSONText.of(Outer())
        == #"{"colour":"red","inner":{"depth":3},"is_on":false,"rules":[],"share":0.5,"sides":[1,2],"span":[0,1]}"#)
  }

  @Test func mistakesAreNamedByTheirPath() {
    #expect(refusal(#"{"shore": 1}"#) == "'shore': there is no such setting of the outside.")
    #expect(refusal(#"{"inner": {"width": 1}}"#) == "'inner.width': there is no such setting of the inside.")
    #expect(refusal(#"{"inner": {"depth": "far"}}"#) == "'inner.depth' is not a whole number.")
    #expect(refusal(#"{"colour": "blue"}"#) == "'colour': 'blue' is not one of red, green.")
    #expect(refusal(#"{"inner": "flat"}"#) == "'inner': 'flat' is not one of deep.")
  }

  @Test(arguments: [
    (#"{"share": 1}"#, "share must be at least 0 and below 1, not 1.0."),
    (#"{"limit": 0}"#, "limit must be above 0, not 0.0."),
    (#"{"span": [2, 1]}"#, "span needs two ascending numbers, each between 0 and 4, not [2.0, 1.0]."),
    (#"{"span": [0, 5]}"#, "span needs two ascending numbers, each between 0 and 4, not [0.0, 5.0]."),
    (#"{"sides": [1, 0]}"#, "sides must be at least 1, not [1, 0]."),
    (#"{"inner": {"depth": 5}}"#, "inner.depth must lie between 1 and 4, not 5."),
    (#"{"rules": [{"depth": 0}]}"#, "depth must lie between 1 and 4, not 0."),
    (#"{"is_on": true}"#, "red cannot be on."), (#"{"is_on": true, "colour": "green"}"#, nil),
  ])
  func valuesOutOfRangeHaveAProblem(json: String, problem: String?) throws {
    #expect(try read(json).problem == problem)
  }

  @Test func numbersThatAreNoneAreOutOfEveryRange() {
    var settings = Outer()
    for value in [Double.nan, .infinity] {
      settings.limit = value
      #expect(settings.problem != nil)
    }
  }

  @Test func everySettingIsDescribed() {
    let entries = Outer.entries()
    #expect(
      entries.map { $0.path.joined(separator: ".") } == [
        "share", "limit", "span", "sides", "colour", "is_on", "inner", "inner.depth", "other", "other.depth", "rules",
        "rules[].depth",
      ])
    #expect(entries[4].values == "red, green" && entries[6].values == nil)
    // The default is that of the place, not of the type.
    #expect(entries[7].standard as? Int == 3 && entries[9].standard as? Int == 2 && entries[1].standard == nil)
    #expect(Outer.description(of: \.share) == "A share. At least 0 and below 1.")
  }
}

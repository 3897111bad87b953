import DecoupledBase
import DecoupledNetworks
import Yams

/// A configuration file of the command (YAML, of which JSON is a part): the network and the settings of each phase.
/// Everything may be left out; flags of the command go over it.
struct Recipe: SettingGroup {
  var network = NetworkDescription()
  var start = StartingPoint()
  /// By the name of the phase, of all families.
  var phases = RecipePhases()
  /// Of the evaluation of whole images while training; it changes no weights.
  var prediction = PredictionSettings()
  var checkpointEvery: Int?
  var evaluateEvery: Int?

  static let groupName = "a configuration"
  static let settings: [Setting<Self>] =
    [
      .group("network", \.network, "The network that phase 1 builds."),
      .group("start", \.start, "Changes to loaded or drawn weights before phase 1."),
    ] + RecipePhases.settings + [
      .group("prediction", \.prediction, "Of the evaluation of whole images while training; it changes no weights."),
      .number(
        "checkpoint_every", \.checkpointEvery, .atLeast(1), "Iterations between checkpoints, 500 when left out."),
      .number(
        "evaluate_every", \.evaluateEvery, .atLeast(1),
        "Iterations between evaluations on the validation set, 500 when left out."),
    ]

  init() {}

  /// The settings of a phase.
  func settings(ofPhase name: String) throws -> any PhaseSettings {
    guard let found = phases.settings[name] else {
      throw EngineError(.invalidArgument, "There is no phase '\(name)'.")
    }
    return found
  }

  /// Reads a configuration file, puts `preset` in the place of its network, and lays `overrides` ("segmentation.solver.base_learning_rate=0.02") over it.
  static func read(_ path: String?, preset: String? = nil, overrides: [String]) throws -> Recipe {
    var root = Yams.Node.mapping([:])
    if let path {
      let text = try FileAccess.readLines(path).joined(separator: "\n")
      try checkSize(text, path)
      do {
        if let read = try Yams.compose(yaml: text) { root = read }
      } catch {
        // The lines behind show the place, which may be a hundred thousand signs long.
        let reason = "\(error)".split(separator: "\n").first ?? ""
        throw EngineError(.format, "The configuration '\(path)' is not YAML: \(reason.prefix(200))")
      }
      guard root.mapping != nil else {
        throw EngineError(.format, "The configuration '\(path)' must hold settings by name, such as 'segmentation:'.")
      }
      try checkNodes(root, path)
    }
    if let preset { root = set(root, ["network"], .mapping([Yams.Node("preset"): Yams.Node(preset)])) }
    if !overrides.isEmpty {
      // The file alone first, then one flag after the other, so that an error names the one that is wrong.
      _ = try decode(root, source: path.map { "The configuration '\($0)'" } ?? "The configuration")
      for override in overrides {
        root = try apply(override, to: root)
        _ = try decode(root, source: "--set-value \(override)")
      }
    }
    let source = path.map { "The configuration '\($0)'" } ?? "The configuration"
    let recipe = try decode(root, source: source)
    if let problem = recipe.problem { throw EngineError(.invalidArgument, "\(source): \(problem)") }
    return recipe
  }

  private static let mostBytes = 1 << 18
  private static let mostAliases = 20
  private static let mostNodes = 100_000

  /// Aliases may repeat what holds aliases itself, so that a kilobyte of YAML stands for a terabyte. With few of them it stays
  /// small enough to be counted.
  private static func checkSize(_ text: String, _ path: String) throws {
    let bytes = Array(text.utf8)
    guard bytes.count <= mostBytes else {
      throw EngineError(
        .format, "The configuration '\(path)' has \(bytes.count) bytes; at most \(mostBytes) are read.")
    }
    let openings = Set(" \t\n[{,:-?".utf8)
    let aliases = bytes.indices.count { index in
      bytes[index] == UInt8(ascii: "*") && (index == 0 || openings.contains(bytes[index - 1]))
    }
    guard aliases <= mostAliases else {
      throw EngineError(
        .format, "The configuration '\(path)' has \(aliases) aliases (*name); at most \(mostAliases) are followed.")
    }
  }

  private static func checkNodes(_ root: Yams.Node, _ path: String) throws {
    var left = [root]
    var count = 0
    while let node = left.popLast() {
      count += 1
      guard count <= mostNodes else {
        throw EngineError(
          .format, "The configuration '\(path)' holds more than \(mostNodes) values when its aliases are followed.")
      }
      if let mapping = node.mapping { for (key, value) in mapping { left += [key, value] } }
      if let sequence = node.sequence { left += sequence }
    }
  }

  /// The decoder passes over names that are no text.
  private static func checkNames(_ root: Yams.Node, _ source: String) throws {
    var left = [root]
    while let node = left.popLast() {
      for (key, value) in node.mapping.map(Array.init) ?? [] {
        guard key.scalar != nil else {
          let kind = key.mapping == nil ? "a list" : "settings"
          let line = key.mark.map { " in line \($0.line)" } ?? ""
          throw EngineError(
            .invalidArgument, "\(source) has \(kind) where the name of a setting belongs\(line); names are plain words."
          )
        }
        left.append(value)
      }
      left += node.sequence.map(Array.init) ?? []
    }
  }

  /// - Parameter source: what errors say is wrong.
  private static func decode(_ root: Yams.Node, source: String) throws -> Recipe {
    try checkNames(root, source)
    let sections = settings.map(\.name)
    for key in root.mapping?.keys.compactMap(\.string) ?? [] where !sections.contains(key) {
      let known = sections.joined(separator: ", ")
      throw EngineError(.invalidArgument, "\(source) has no section '\(key)'; sections are \(known).")
    }
    guard root.mapping?.isEmpty == false else { return Recipe() }
    do {
      return try YAMLDecoder().decode(Recipe.self, from: Yams.serialize(node: root))
    } catch let error as DecodingError {
      throw EngineError(.invalidArgument, "\(source): \(JSONProblem.sentence(error))")
    }
  }

  private static func apply(_ override: String, to root: Yams.Node) throws -> Yams.Node {
    guard let equals = override.firstIndex(of: "="), equals > override.startIndex else {
      throw EngineError(.invalidArgument, "--set-value needs NAME=VALUE, not '\(override)'.")
    }
    let names = override[..<equals].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard !names.contains("") else {
      throw EngineError(.invalidArgument, "The name in '--set-value \(override)' has an empty part.")
    }
    let value: Yams.Node?
    do { value = try Yams.compose(yaml: String(override[override.index(after: equals)...])) } catch {
      throw EngineError(.invalidArgument, "The value in '--set-value \(override)' is not YAML.")
    }
    return set(root, names, value ?? Yams.Node(""))
  }

  private static func set(_ node: Yams.Node, _ path: [String], _ value: Yams.Node) -> Yams.Node {
    guard let first = path.first else { return value }
    var mapping = node.mapping ?? Yams.Node.Mapping([])
    let inner = mapping[Yams.Node(first)] ?? .mapping([:])
    mapping[Yams.Node(first)] = set(inner, Array(path.dropFirst()), value)
    return .mapping(mapping)
  }
}

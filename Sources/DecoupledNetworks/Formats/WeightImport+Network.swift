import DecoupledBase
import DecoupledCore
import DecoupledVision
import FoundationEssentials

extension WeightImport {
  /// The network that a weight file is for.
  /// - Parameters:
  ///   - description: a preset's name, a JSON description (its text, or the path of a `.json` file), the path of a deploy
  ///     `.prototxt`; nil when a DecoupledNet `.caffemodel` says itself.
  ///   - classes: names of the object classes; nil = those of VOC for a network of the authors' with 20, else numbered.
  ///   - options: how the weights are taken in; `described` and `prototxt` are set from the description.
  /// - Returns: the network without weights, and the options for `init(_:file:options:)`.
  public static func network(
    for file: WeightFile, description: String?, classes: [String]?, options: Options = .init()
  ) throws -> (model: Model, options: Options) {
    var options = options
    var network: NetworkDescription
    var names = classes
    if let description, let preset = NetworkDescription(preset: description) {
      network = preset
    } else if let description, FilePaths.fileExtension(of: description) != "prototxt" {
      let (read, states) = try describedNetwork(description)
      network = read
      // A description that says how images are fed was written for these weights; a default is no statement about them.
      if states { options.described = network.preprocessing }
    } else {
      guard let net = try description.map({ try CaffeNet(prototxt: $0) }) ?? file.net else {
        throw EngineError(
          .invalidArgument,
          "'\(file.path)' does not say which network its weights are for; give --description with a preset (\(NetworkDescription.presetNames.joined(separator: ", "))), a JSON description or a deploy .prototxt."
        )
      }
      if description != nil { options.prototxt = net }
      network = try net.description()
      names = names ?? net.classNames(network)
    }
    if let classes { network.classes = classes.count }
    try network.validate()
    let model = try Model(
      network, classNames: names ?? (1...network.classes).map { "class\($0)" }, parameters: ParameterStore())
    return (model, options)
  }

  private static func describedNetwork(_ description: String) throws -> (NetworkDescription, statesPreprocessing: Bool)
  {
    guard description.contains("{") else {
      return (try NetworkDescription.read(description), try NetworkDescription.saysPreprocessing(description))
    }
    struct Statement: Decodable { let preprocessing: Preprocessing? }
    let data = Data(description.utf8)
    do {
      return (
        try JSONDecoder().decode(NetworkDescription.self, from: data),
        try JSONDecoder().decode(Statement.self, from: data).preprocessing != nil
      )
    } catch let error as DecodingError {
      throw EngineError(.format, "The network description cannot be used: \(JSONProblem.sentence(error))")
    }
  }
}

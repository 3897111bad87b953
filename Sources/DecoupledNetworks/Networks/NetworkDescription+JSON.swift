import DecoupledBase
import DecoupledVision
import FoundationEssentials

extension NetworkDescription {
  /// The description as JSON with every setting.
  public func json() throws -> String {
    try JSONText.of(self, pretty: true)
  }

  private struct Stated: Decodable {
    let preprocessing: Preprocessing?
  }

  /// Whether a description file says how images are fed, instead of leaving it to the default.
  public static func saysPreprocessing(_ path: String) throws -> Bool {
    try JSONDecoder().decode(Stated.self, from: Data(try FileAccess.read(path))).preprocessing != nil
  }

  /// Reads a description from a JSON file.
  public static func read(_ path: String) throws -> NetworkDescription {
    let bytes = try FileAccess.read(path)
    do {
      let description = try JSONDecoder().decode(NetworkDescription.self, from: Data(bytes))
      try description.validate()
      return description
    } catch let error as EngineError {
      throw error
    } catch {
      throw EngineError(.format, "The network description '\(path)' cannot be used: \(JSONProblem.sentence(error))")
    }
  }
}

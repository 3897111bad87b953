/// Where the weights of a run came from before its first iteration.
public struct TrainingOrigin: Codable, Sendable {
  /// Names of the files, without their folders, which may move.
  public var weights: String?
  public var preprocessing: String?
  public var extended: String?
  public var start: StartingPoint

  public init(
    weights: String? = nil, preprocessing: String? = nil, extended: String? = nil, start: StartingPoint = .init()
  ) {
    func name(_ path: String?) -> String? { path.flatMap { $0.split(separator: "/").last.map(String.init) } }
    self.weights = name(weights)
    self.preprocessing = preprocessing
    self.extended = name(extended)
    self.start = start
  }
}

import DecoupledBase
import DecoupledCore

extension Model {
  /// Draws the parameters of some parts that are not there yet. What is drawn for one depends on the seed and its name only.
  public func fill(_ parts: Set<NetworkPart>, seed: UInt64) throws {
    for parameter in try description.parameters(parts) where parameters[parameter.name] == nil {
      parameters[parameter.name] = try Self.filled(parameter, seed)
    }
  }

  private static func filled(_ parameter: NetworkParameter, _ seed: UInt64) throws -> Tensor {
    let tensor = try Tensor(zeros: parameter.shape)
    let values = try tensor.elements(Float.self)
    switch parameter.filling {
    case .constant(let value): values.update(repeating: value)
    case .gaussian(let deviation):
      var random = CounterRandom(seed: seed, stream: CounterRandom.hash(parameter.name))
      for index in values.indices { values[index] = Float(random.gaussian() * deviation) }
    case .linearInterpolation:
      let (inputs, outputs, kernel) = (parameter.shape[0], parameter.shape[1], parameter.shape[2])
      let half = (kernel + 1) / 2
      let centre = kernel % 2 == 1 ? Double(half) - 1 : Double(half) - 0.5
      let line = (0..<kernel).map { 1 - abs(Double($0) - centre) / Double(half) }
      for channel in 0..<inputs {
        let plane = (channel * outputs + (outputs == 1 ? 0 : channel)) * kernel * kernel
        for y in 0..<kernel { for x in 0..<kernel { values[plane + y * kernel + x] = Float(line[y] * line[x]) } }
      }
    }
    return tensor
  }
}

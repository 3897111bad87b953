import DecoupledNetworks
import DecoupledVision
import Testing

struct ActivationViewTests {
  /// Of three channels, the one that is large where the foreground is. The image is wide, so that the lower half of the map
  /// shows padding.
  @Test func picksTheChannelThatAgrees() throws {
    var foreground = FloatImage(width: 64, height: 30, channels: 1)
    for y in 0..<30 {
      for x in 32..<64 { foreground.values[y * 64 + x] = 1 }
    }
    var activation = FloatImage(width: 4, height: 4, channels: 3)
    for y in 0..<4 {
      for x in 0..<4 {
        activation.values[y * 4 + x] = x < 2 ? 5 : 0
        activation.values[16 + y * 4 + x] = x >= 2 && y < 2 ? 3 : 0
        activation.values[32 + y * 4 + x] = 1
      }
    }
    let chosen = ActivationView.mostRepresentative(activation, foreground: foreground)
    #expect(chosen.values == Array(activation.values[16..<32]))
  }

  @Test func tallImagesWorkToo() {
    let foreground = FloatImage(width: 20, height: 90, channels: 1)
    let activation = FloatImage(width: 5, height: 5, channels: 2)
    #expect(ActivationView.mostRepresentative(activation, foreground: foreground).values.count == 25)
  }

  /// A wide image shows the upper part of the map alone, a tall one the left part.
  @Test func enlargedMapLiesOverTheImage() {
    var plane = FloatImage(width: 2, height: 2, channels: 1)
    plane.values = [0, 4, 8, 8]
    let wide = ActivationView.enlarged(plane, width: 40, height: 20)
    #expect((wide.width, wide.height) == (40, 20))
    #expect(wide.values[0] == 0 && wide.values[39] == 4)
    let tall = ActivationView.enlarged(plane, width: 20, height: 40)
    #expect(tall.values[0] == 0 && tall.values[39 * 20] == 8)
    #expect(tall.values[19] < 4)
  }
}

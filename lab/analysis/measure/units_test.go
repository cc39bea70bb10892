package measure

import "testing"

// A value is written in the unit of what was wanted, or in a smaller one if it has hardly a digit there.
func TestPrint(t *testing.T) {
	for _, test := range []struct {
		unit          unit
		number        float64
		written, want string
	}{
		{rate, 2817, "1Gbit/s", "2.8170kbit/s"},
		{rate, 2.5e6, "1Gbit/s", "0.0025Gbit/s"},
		{rate, 0.5, "1Mbit/s", "0.5bit/s"},
		{rate, 8000, "1GB/s", "1.0000kB/s"},
		{rate, 0, "1Gbit/s", "0Gbit/s"},
		{seconds, 0.000_061_4, "1s", "61.400us"},
		{seconds, 0.000_061_4, "40ms", "0.0614ms"},
		{seconds, 0.000_000_25, "40ms", "250.00ns"},
		{seconds, 0.01, "5min", "10.000ms"},
		{seconds, -0.000_2, "1s", "-200.00us"},
		{share, 0.000_001_234, "66%", "0.0001234%"},
		{ratio, 0.000_012_34, "0.98", "0.00001234"},
		{bytes, 3, "1GB", "3"},
	} {
		if got := test.unit.print(value{number: test.number}, test.written); got != test.want {
			t.Errorf("%g beside %s: got %s, want %s", test.number, test.written, got, test.want)
		}
	}
}

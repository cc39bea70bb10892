package content

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"slices"
	"strings"
	"testing"
)

// deflated is a text as gzinflate and base64_decode take it.
func deflated(text string) string {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, 9)
	w.Write([]byte(text))
	w.Close()
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

// spelled are pages of PHP that run what a visitor sends, in many spellings, and those that do something else.
var spelled = []struct {
	page string
	want Kind // 0 for nothing
}{
	{`<?php $f=strrev('metsys');$f(base64_decode($_COOKIE['s']));`, Malicious},
	{`<?php array_map($_GET['f'],(array)$_GET['a']);`, Malicious},
	{`<?php array_filter((array)$_POST['a'], $_POST['f']);`, Malicious},
	{`<?php usort($_GET,'asse'.'rt');`, Malicious},
	{`<?php ob_start('system');echo $_REQUEST['a'];ob_end_flush();`, Malicious},
	{`<?php register_shutdown_function("pass"."thru", $_GET[1]);`, Malicious},
	{`<?php "\x73\x79\x73\x74\x65\x6d"($_GET[1]);`, Malicious},
	{`<?php $f="\163\171\163\164\145\155"; @$f($_GET['a']);`, Malicious},
	{`<?php $f=chr(115).chr(121).chr(115).chr(116).chr(101).chr(109);$f($_GET['z']);`, Malicious},
	{`<?php (new ReflectionFunction($_GET['f']))->invoke($_GET['a']);`, Malicious},
	{`<?php $q=$_COOKIE; $m=$q["a"]; $m($q["b"]); ?>`, Malicious},
	{`<?php system(filter_input(INPUT_GET,'a'));`, Malicious},
	{`<?php popen(getenv('HTTP_X'),'r');`, Malicious},
	{`<?php eval(str_rot13("riny(\$_CBFG[1]);"));`, Malicious},
	{`<?php eval(gzinflate(base64_decode("` + deflated(`eval($_POST["q"]); // and so on`) + `")));`, Malicious},
	{`<?php $k='` + deflated(`system($_GET["c"]);`) + `';eval(gzinflate(base64_decode($k)));`, Malicious},
	{`<?php /*a1*/eval/*b2*/(/*c3*/$_POST['x']);`, Malicious},
	{`<?php $p="/.*/e"; @preg_replace($p,$_POST['q'],'');`, Malicious},
	{`<?php $a=$_REQUEST; $a["f"]($a["x"]);`, Malicious},
	{`<?php /*b9f*/ @include "\x2fhome\x2f.cache\x2ffavicon_1.ico"; /*b9f*/ ?>`, Suspicious},
	{`<?php move_uploaded_file($_FILES['f']['tmp_name'],$_FILES['f']['name']);`, Suspicious},
	{`<?php foreach(file('l.txt') as $t){mail(trim($t),$_POST['s'],$_POST['b'],'From: '.$_POST['f']);}`, Suspicious},

	{`<?php $p="/[^a-e]/i"; $name=preg_replace($p,'',$_POST['name']);`, 0},
	{`<?php $a=$_REQUEST; $f=$handlers["list"]($a["x"]); echo $a["f"] . ($a["x"]);`, 0},
	{`<?php $x=strrev("etalfnizg");$y="ba"."se64_d"."ecode";eval($x($y("c3Vu")));`, Obfuscated},
	{`<?php $f="base64_decode"; $d=$f("c3Vu"); echo strrev("x");`, 0},
	{`<?php $name=trim($_POST['name']); $names=array_map('trim', $_POST['names']); array_walk($_POST, 'clean');`, 0},
	{`<?php usort($rows, $_GET['dir'] == 'up' ? 'rising' : 'falling'); $action = 'show_' . $_GET['a'];`, 0},
	{`<?php $free = array_filter(array('exec', 'system'), 'function_exists'); echo htmlspecialchars($_GET['q']);`, 0},
	{`<?php $d=base64_decode($_POST['picture']); file_put_contents($path, $d); /* a note */ echo "\x41" . '.';`, 0},
	{`<?php $x=call_user_func_array($f,$args); $v_content = @gzinflate($v_buffer); $id=$_GET['id']; $row=find($id);`, 0},
	{`<?php $e=strtolower(pathinfo($_FILES['f']['name'],4)); if(in_array($e,['jpg','png'])) move_uploaded_file($_FILES['f']['tmp_name'],$_FILES['f']['name']);`, 0},
	{`<?php session_start(); if($_SESSION['admin']) move_uploaded_file($_FILES['f']['tmp_name'],'up/'.$_FILES['f']['name']);`, 0},
	{`<?php mail('owner@shop.example',$_POST['subject'],$_POST['text'],'From: '.$_POST['mail']); foreach($rows as $r){echo $r;}`, 0},
	{`<?php foreach($members as $m){mail($m['mail'],$subject,$text,'From: office@club.example');} $p=$_POST['page'];`, 0},
	{`<?php include "parts/\$name.php"; $greeting = "Hello\tWorld\n"; $x = $_GET['x'];`, 0},
}

// TestSpelled stores pages of PHP whose spelling hides what they do, and others.
func TestSpelled(t *testing.T) {
	for _, test := range spelled {
		got := uploadOf("a.php", test.page)
		if test.want == 0 && len(got) > 0 || test.want != 0 && !slices.ContainsFunc(got, func(c Content) bool { return c.Kind == test.want }) {
			t.Errorf("%s:\ngot %v, want kind %d", test.page, got, test.want)
		}
	}
}

// TestDecodedAgain has the same compressed text decoded many times.
func TestDecodedAgain(t *testing.T) {
	page := "<?php $a='" + deflated(strings.Repeat("a", 2*maxInflated)) + "';" + strings.Repeat("gzinflate(base64_decode($a));", 40)
	if got, most := len(plainPHP([]byte(page))), len(page)+2*maxInflated; got < maxInflated || got > most {
		t.Errorf("got %d bytes, want between %d and %d", got, maxInflated, most)
	}
}
